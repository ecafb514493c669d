internal import NIOCore

/// Writes JSON front to back, commas included.
///
/// A value type around a buffer of its own: an answer is written once and sent.
struct JSONWriter {
    private let buffer: TextBuffer
    private var needsComma = false

    /// A writer that has written nothing.
    init(capacity: Int = 512) {
        buffer = TextBuffer(capacity: capacity)
    }

    /// The text of an object.
    static func object(_ body: (inout JSONWriter) throws -> Void) rethrows -> JSONWriter {
        var writer = JSONWriter()
        try writer.object(body)
        return writer
    }

    /// What was written, for the network.
    var bytes: ByteBuffer { ByteBuffer(bytes: buffer.bytes) }

    /// What was written, as text.
    var text: String { String(decoding: buffer.bytes, as: UTF8.self) }

    // MARK: Values

    /// Writes an object whose members `body` writes.
    mutating func object(_ body: (inout JSONWriter) throws -> Void) rethrows {
        try nested("{", "}", body)
    }

    /// Writes an array with one element for each of `elements`, written by `body`.
    mutating func array<Element>(
        _ elements: some Sequence<Element>, _ body: (inout JSONWriter, Element) throws -> Void
    ) rethrows {
        try nested("[", "]") { writer in
            for element in elements { try body(&writer, element) }
        }
    }

    /// Writes a string, or null.
    mutating func value(_ text: String?) {
        separate()
        if let text { buffer.appendJSON(text) } else { buffer.append("null") }
    }

    /// Writes a whole number.
    mutating func value(_ number: Int) {
        separate()
        buffer.appendDecimal(number)
    }

    /// Writes a number.
    mutating func value(_ number: some BinaryFloatingPoint & LosslessStringConvertible) {
        separate()
        buffer.appendNumber(number)
    }

    /// Writes true or false.
    mutating func value(_ value: Bool) {
        separate()
        buffer.append(value ? "true" : "false")
    }

    /// Writes a tree.
    mutating func value(_ tree: JSONValue) {
        separate()
        buffer.append(tree)
    }

    // MARK: Members

    /// Writes a member whose value `body` writes.
    mutating func member(_ key: StaticString, _ body: (inout JSONWriter) throws -> Void) rethrows {
        write(key)
        try body(&self)
    }

    /// Writes a member that is an object.
    mutating func object(
        _ key: StaticString, _ body: (inout JSONWriter) throws -> Void
    ) rethrows {
        write(key)
        try object(body)
    }

    /// Writes a member that is an array.
    mutating func array<Element>(
        _ key: StaticString, _ elements: some Sequence<Element>,
        _ body: (inout JSONWriter, Element) throws -> Void
    ) rethrows {
        write(key)
        try array(elements, body)
    }

    /// Writes a member that is a string, or null.
    mutating func member(_ key: StaticString, _ text: String?) {
        write(key)
        value(text)
    }

    /// Writes a member that is a whole number.
    mutating func member(_ key: StaticString, _ number: Int) {
        write(key)
        value(number)
    }

    /// Writes a member that is a number.
    mutating func member(
        _ key: StaticString, _ number: some BinaryFloatingPoint & LosslessStringConvertible
    ) {
        write(key)
        value(number)
    }

    /// Writes a member that is true or false.
    mutating func member(_ key: StaticString, _ flag: Bool) {
        write(key)
        value(flag)
    }

    /// Writes a member that is a tree.
    mutating func member(_ key: StaticString, _ tree: JSONValue) {
        write(key)
        value(tree)
    }

    // MARK: Commas

    private mutating func nested(
        _ opening: StaticString, _ closing: StaticString,
        _ body: (inout JSONWriter) throws -> Void
    ) rethrows {
        separate()
        buffer.append(opening)
        needsComma = false
        try body(&self)
        buffer.append(closing)
        needsComma = true
    }

    private mutating func write(_ key: StaticString) {
        separate()
        buffer.append(UInt8(ascii: "\""))
        buffer.append(key)
        buffer.append("\":")
        needsComma = false
    }

    private mutating func separate() {
        if needsComma { buffer.append(UInt8(ascii: ",")) }
        needsComma = true
    }
}
