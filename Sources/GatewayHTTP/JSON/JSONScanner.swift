package import ServingModel

/// Reads JSON front to back without building a tree: callers take what they know and skip the rest.
///
/// Serves the infer route, where a general parser would cost more than the scheduler and the engine
/// call together. The grammar is RFC 8259 plus the numbers `NaN`, `Infinity` and `-Infinity`, which
/// Python clients write. Values nest at most ``maxDepth`` deep.
package struct JSONScanner {
    /// How deep values may nest.
    package static let maxDepth = 64

    private let bytes: UnsafeRawBufferPointer

    /// Where the next byte is read.
    package var position = 0

    /// A scanner at the start of `bytes`, which must outlive it.
    package init(_ bytes: UnsafeRawBufferPointer) {
        self.bytes = bytes
    }

    /// An error at the present position.
    func malformed(_ expectation: String) -> ServingError {
        ServingError(
            .invalidArgument, "malformed JSON at byte \(position): expected \(expectation)")
    }

    // MARK: Bytes

    /// Bytes that have not been read.
    var remaining: Int { bytes.count - position }

    /// The byte at the present position; 0 at the end, which no JSON text contains.
    @inline(__always)
    var current: UInt8 { position < bytes.count ? bytes[position] : 0 }

    @inline(__always)
    mutating func skipSpace() {
        while position < bytes.count {
            let byte = bytes[position]
            guard byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 else { return }
            position += 1
        }
    }

    /// The first byte of the next token, which stays unread.
    @inline(__always)
    mutating func peek() -> UInt8 {
        skipSpace()
        return current
    }

    /// Reads `byte` if it is the next token.
    @inline(__always)
    mutating func take(_ byte: UInt8) -> Bool {
        guard peek() == byte else { return false }
        position += 1
        return true
    }

    /// Reads `literal` if it stands here.
    mutating func take(literal: StaticString) -> Bool {
        let count = literal.utf8CodeUnitCount
        guard position + count <= bytes.count else { return false }
        for index in 0..<count where bytes[position + index] != literal.utf8Start[index] {
            return false
        }
        position += count
        return true
    }

    /// Makes sure that nothing but space is left.
    package mutating func expectEnd() throws(ServingError) {
        skipSpace()
        guard position == bytes.count else { throw malformed("the end of the request") }
    }

    // MARK: Values

    /// Reads an object and hands each key to `body`, which must read the value.
    package mutating func members(
        of what: StaticString,
        _ body: (inout JSONScanner, JSONText) throws(ServingError) -> Void
    ) throws(ServingError) {
        guard take(UInt8(ascii: "{")) else { throw malformed("an object for \(what)") }
        if take(UInt8(ascii: "}")) { return }
        repeat {
            let key = try text()
            guard take(UInt8(ascii: ":")) else { throw malformed("':' after a key") }
            try body(&self, key)
        } while take(UInt8(ascii: ","))
        guard take(UInt8(ascii: "}")) else { throw malformed("',' or '}' in an object") }
    }

    /// Reads an array and calls `body` before each element, which it must read.
    package mutating func elements(
        of what: StaticString, _ body: (inout JSONScanner) throws(ServingError) -> Void
    ) throws(ServingError) {
        guard take(UInt8(ascii: "[")) else { throw malformed("an array for \(what)") }
        if take(UInt8(ascii: "]")) { return }
        repeat {
            try body(&self)
        } while take(UInt8(ascii: ","))
        guard take(UInt8(ascii: "]")) else { throw malformed("',' or ']' in an array") }
    }

    /// Reads a string.
    package mutating func text() throws(ServingError) -> JSONText {
        guard take(UInt8(ascii: "\"")) else { throw malformed("a string") }
        let start = position
        var hasEscapes = false
        while position < bytes.count {
            let byte = bytes[position]
            if byte == UInt8(ascii: "\"") {
                let text = UnsafeRawBufferPointer(rebasing: bytes[start..<position])
                position += 1
                return JSONText(bytes: text, hasEscapes: hasEscapes)
            }
            if byte == UInt8(ascii: "\\") {
                hasEscapes = true
                position += 1
            } else if byte < 0x20 {
                throw malformed("no control character in a string")
            }
            position += 1
        }
        throw malformed("the end of a string")
    }

    /// Reads `true` or `false`.
    package mutating func boolean() throws(ServingError) -> Bool {
        skipSpace()
        if take(literal: "true") { return true }
        if take(literal: "false") { return false }
        throw malformed("true or false")
    }

    /// Reads a value that nobody wants.
    package mutating func skipValue(depth: Int = 0) throws(ServingError) {
        guard depth < Self.maxDepth else {
            throw malformed("values nested at most \(Self.maxDepth) deep")
        }
        switch peek() {
        case UInt8(ascii: "{"):
            try members(of: "a value") { (scanner, _) throws(ServingError) in
                try scanner.skipValue(depth: depth + 1)
            }
        case UInt8(ascii: "["):
            try elements(of: "a value") { (scanner) throws(ServingError) in
                try scanner.skipValue(depth: depth + 1)
            }
        case UInt8(ascii: "\""):
            _ = try text()
        case UInt8(ascii: "t"), UInt8(ascii: "f"):
            _ = try boolean()
        case UInt8(ascii: "n"):
            guard take(literal: "null") else { throw malformed("a value") }
        default:
            _ = try double()
        }
    }

    /// The text from `start` to the present position, for slow paths.
    func slice(from start: Int) -> UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(rebasing: bytes[start..<position])
    }
}
