internal import ServingModel

/// A text that grows as bytes: digits are written by hand, because a recorder writes ten thousand lines
/// a second beside a server.
package struct TextWriter: Sendable {
    /// What was written since ``removeAll()``.
    package private(set) var bytes: [UInt8] = []

    /// An empty text.
    package init() {}

    /// The text as a string.
    package var text: String { String(decoding: bytes, as: UTF8.self) }

    /// Empties the text and keeps its memory.
    package mutating func removeAll() { bytes.removeAll(keepingCapacity: true) }

    /// Ends the line.
    package mutating func endLine() { bytes.append(UInt8(ascii: "\n")) }

    mutating func write(_ text: StaticString) {
        text.withUTF8Buffer { bytes.append(contentsOf: $0) }
    }

    mutating func write(_ text: String) { bytes.append(contentsOf: text.utf8) }

    mutating func write(_ other: TextWriter) { bytes.append(contentsOf: other.bytes) }

    mutating func write(_ number: UInt64) {
        guard number >= 10 else { return bytes.append(UInt8(ascii: "0") + UInt8(number)) }
        var rest = number
        let start = bytes.count
        while rest > 0 {
            bytes.append(UInt8(ascii: "0") + UInt8(rest % 10))
            rest /= 10
        }
        bytes[start...].reverse()
    }

    mutating func write(_ number: Int) {
        if number < 0 { bytes.append(UInt8(ascii: "-")) }
        write(UInt64(number.magnitude))
    }

    /// `slot`, or `generation:slot` as live servers number their requests: the upper and the lower half
    /// of the number, which is shorter than the number.
    mutating func write(_ id: RequestID) {
        let upper = id.rawValue >> 32
        if upper > 0 {
            write(upper)
            bytes.append(UInt8(ascii: ":"))
        }
        write(id.rawValue & 0xFFFF_FFFF)
    }
}
