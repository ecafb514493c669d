internal import CPlatform

/// The head of an HTTP/1.1 request, read in place: as much of it as framing and the infer route need.
///
/// Reads only what is plain: a complete head, `Content-Length` or no body, nothing that changes the
/// framing. Whatever else HTTP/1.1 allows is left to the library's parser; see ``Reading/complex``.
package struct WireHead {
    /// What reading a head came to.
    package enum Reading {
        /// The head is whole and plain.
        case plain(WireHead)
        /// The library's parser has to look at it: incomplete, chunked, upgraded, unusual or wrong.
        case complex
    }

    /// Bytes of the head, including the empty line.
    package let length: Int

    /// Bytes of the body.
    package private(set) var contentLength = 0

    /// The method, up to the first space.
    package let method: UnsafeRawBufferPointer

    /// The request target.
    package let target: UnsafeRawBufferPointer

    /// Whether the connection stays open after the answer.
    package private(set) var isKeptAlive = true

    private var hasLength = false

    private init(length: Int, method: UnsafeRawBufferPointer, target: UnsafeRawBufferPointer) {
        self.length = length
        self.method = method
        self.target = target
    }

    /// Whether this may be an infer request; the path decides.
    package var isPost: Bool { method.count == 4 && method.elementsEqual("POST".utf8) }

    /// Reads the head at the start of `bytes` and hands each header field to `field`: the name in
    /// lower case up to 32 bytes, and the value without surrounding space.
    package static func read(
        _ bytes: UnsafeRawBufferPointer, limit: Int,
        field: (UnsafeRawBufferPointer, UnsafeRawBufferPointer) -> Void
    ) -> Reading {
        guard var line = nextLine(bytes, from: 0), var head = requestLine(line, in: bytes) else {
            return .complex
        }
        while true {
            guard let next = nextLine(bytes, from: line.next), next.next <= limit else {
                return .complex
            }
            line = next
            if line.content.isEmpty { break }
            guard head.readField(line.content, field) else { return .complex }
        }
        return .plain(
            WireHead(
                length: line.next, contentLength: head.contentLength, method: head.method,
                target: head.target, isKeptAlive: head.isKeptAlive))
    }

    private init(
        length: Int, contentLength: Int, method: UnsafeRawBufferPointer,
        target: UnsafeRawBufferPointer, isKeptAlive: Bool
    ) {
        self.init(length: length, method: method, target: target)
        self.contentLength = contentLength
        self.isKeptAlive = isKeptAlive
    }

    /// A line without its CR LF, and where the next one starts.
    private typealias Line = (content: UnsafeRawBufferPointer, next: Int)

    private static func nextLine(_ bytes: UnsafeRawBufferPointer, from start: Int) -> Line? {
        guard start < bytes.count, let base = bytes.baseAddress else { return nil }
        let end = headway_find_byte(base + start, bytes.count - start, UInt8(ascii: "\n"))
        guard end > 0, bytes[start + end - 1] == UInt8(ascii: "\r") else { return nil }
        let content = UnsafeRawBufferPointer(rebasing: bytes[start..<start + end - 1])
        guard content.isPrintable else { return nil }
        return (content, start + end + 1)
    }

    private static func requestLine(_ line: Line, in bytes: UnsafeRawBufferPointer) -> WireHead? {
        let content = line.content
        guard let space = content.firstIndex(of: UInt8(ascii: " ")), content.count > space + 10
        else { return nil }
        let version = content.count - 9
        guard content[version...].elementsEqual(" HTTP/1.1".utf8), version > space + 1 else {
            return nil
        }
        let method = UnsafeRawBufferPointer(rebasing: content[..<space])
        let target = UnsafeRawBufferPointer(rebasing: content[space + 1..<version])
        guard target[0] == UInt8(ascii: "/"), target.isVisible, method.isPlainMethod else {
            return nil
        }
        return WireHead(length: 0, method: method, target: target)
    }

    /// Reads one field; false when it is not for this parser.
    private mutating func readField(
        _ line: UnsafeRawBufferPointer,
        _ field: (UnsafeRawBufferPointer, UnsafeRawBufferPointer) -> Void
    ) -> Bool {
        guard let colon = line.firstIndex(of: UInt8(ascii: ":")), colon > 0 else { return false }
        let name = UnsafeRawBufferPointer(rebasing: line[..<colon])
        // Space before the colon or at the start of a line is how requests are smuggled.
        guard name.isToken else { return false }
        var start = colon + 1
        var end = line.count
        while start < end, line[start] == 0x20 || line[start] == 0x09 { start += 1 }
        while end > start, line[end - 1] == 0x20 || line[end - 1] == 0x09 { end -= 1 }
        let value = UnsafeRawBufferPointer(rebasing: line[start..<end])
        switch name.count {
        case 6 where name.isField("expect"), 7 where name.isField("upgrade"),
            16 where name.isField("proxy-connection"), 17 where name.isField("transfer-encoding"):
            return false
        case 10 where name.isField("connection"):
            guard value.isField("keep-alive") || value.isField("close") else { return false }
            if value.isField("close") { isKeptAlive = false }
        case 14 where name.isField("content-length"):
            guard !hasLength, let length = value.decimal else { return false }
            hasLength = true
            contentLength = length
        default:
            field(name, value)
        }
        return true
    }
}

extension UnsafeRawBufferPointer {
    /// Whether this is the text `name`, which is in lower case; upper case counts as lower case.
    func isField(_ name: StaticString) -> Bool {
        guard count == name.utf8CodeUnitCount else { return false }
        for index in 0..<count {
            let byte = self[index]
            let lower = byte >= 0x41 && byte <= 0x5A ? byte | 0x20 : byte
            if lower != name.utf8Start[index] { return false }
        }
        return true
    }

    /// A whole number of up to 18 digits that fill the text.
    var decimal: Int? {
        guard !isEmpty, count <= 18 else { return nil }
        var value = 0
        for byte in self {
            let digit = byte &- UInt8(ascii: "0")
            guard digit < 10 else { return nil }
            value = value * 10 + Int(digit)
        }
        return value
    }

    /// No control characters but tabs.
    fileprivate var isPrintable: Bool {
        var isClean = true
        for byte in self where (byte < 0x20 && byte != 0x09) || byte == 0x7F { isClean = false }
        return isClean
    }

    /// Neither space nor anything outside ASCII.
    fileprivate var isVisible: Bool {
        var isClean = true
        for byte in self where byte <= 0x20 || byte >= 0x7F { isClean = false }
        return isClean
    }

    /// Methods whose requests are framed by their length alone; CONNECT, for one, is not.
    fileprivate var isPlainMethod: Bool {
        switch count {
        case 3: elementsEqual("GET".utf8) || elementsEqual("PUT".utf8)
        case 4: elementsEqual("POST".utf8) || elementsEqual("HEAD".utf8)
        case 6: elementsEqual("DELETE".utf8)
        case 7: elementsEqual("OPTIONS".utf8)
        default: false
        }
    }

    /// Only characters that RFC 9110 allows in a field name.
    fileprivate var isToken: Bool {
        for byte in self {
            let half = byte < 64 ? Self.tokens.low : Self.tokens.high
            if byte >= 128 || half >> UInt64(byte & 63) & 1 == 0 { return false }
        }
        return true
    }

    /// One bit for each character of a token: letters, digits and ``!#$%&'*+-.^_`|~``.
    private static let tokens: (low: UInt64, high: UInt64) = {
        var bits: (low: UInt64, high: UInt64) = (0, 0)
        for byte in 0..<128 as Range<UInt8> {
            let isLetter = (0x41...0x5A).contains(byte & 0xDF)
            let isDigit = (0x30...0x39).contains(byte)
            guard isLetter || isDigit || "!#$%&'*+-.^_`|~".utf8.contains(byte) else { continue }
            let bit: UInt64 = 1 << UInt64(byte & 63)
            if byte < 64 { bits.low |= bit } else { bits.high |= bit }
        }
        return bits
    }()
}
