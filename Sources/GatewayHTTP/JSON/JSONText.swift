/// A JSON string as it stands in the input, between its quotes.
package struct JSONText {
    /// The bytes between the quotes.
    package let bytes: UnsafeRawBufferPointer

    /// Whether any of them is a backslash.
    package let hasEscapes: Bool

    /// Whether the text is `literal`; no key or name that Headway looks for needs an escape.
    package func equals(_ literal: StaticString) -> Bool {
        guard !hasEscapes, bytes.count == literal.utf8CodeUnitCount else { return false }
        for index in 0..<bytes.count where bytes[index] != literal.utf8Start[index] { return false }
        return true
    }

    /// Whether the text is `other`.
    package func equals(_ other: String) -> Bool {
        if hasEscapes { return string == other }
        return other.utf8.withContiguousStorageIfAvailable { storage in
            storage.count == bytes.count && storage.elementsEqual(bytes)
        } ?? other.utf8.elementsEqual(bytes)
    }

    /// The text with escapes resolved; `nil` when it is not valid JSON or not valid UTF-8.
    package var string: String? {
        hasEscapes
            ? unescaped.flatMap { String(validating: $0, as: UTF8.self) }
            : String(validating: bytes, as: UTF8.self)
    }

    /// The bytes with escapes resolved; `nil` when an escape is malformed.
    package var unescaped: [UInt8]? {
        var result: [UInt8] = []
        result.reserveCapacity(bytes.count)
        var index = 0
        while index < bytes.count {
            let byte = bytes[index]
            index += 1
            guard byte == UInt8(ascii: "\\") else {
                result.append(byte)
                continue
            }
            guard index < bytes.count else { return nil }
            let escape = bytes[index]
            index += 1
            if let simple = Self.simpleEscape(escape) {
                result.append(simple)
            } else {
                guard escape == UInt8(ascii: "u"), let scalar = unicodeEscape(&index) else {
                    return nil
                }
                result.append(contentsOf: String(scalar).utf8)
            }
        }
        return result
    }

    private static func simpleEscape(_ byte: UInt8) -> UInt8? {
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): byte
        case UInt8(ascii: "b"): 0x08
        case UInt8(ascii: "f"): 0x0C
        case UInt8(ascii: "n"): 0x0A
        case UInt8(ascii: "r"): 0x0D
        case UInt8(ascii: "t"): 0x09
        default: nil
        }
    }

    /// A `\u` escape, or two of them that form a surrogate pair.
    private func unicodeEscape(_ index: inout Int) -> Unicode.Scalar? {
        guard let first = hex(&index) else { return nil }
        guard (0xD800..<0xDC00).contains(first) else { return Unicode.Scalar(first) }
        guard index + 1 < bytes.count, bytes[index] == UInt8(ascii: "\\"),
            bytes[index + 1] == UInt8(ascii: "u")
        else { return nil }
        index += 2
        guard let second = hex(&index), (0xDC00..<0xE000).contains(second) else { return nil }
        return Unicode.Scalar(0x10000 + (first - 0xD800) << 10 + (second - 0xDC00))
    }

    private func hex(_ index: inout Int) -> UInt32? {
        guard index + 4 <= bytes.count else { return nil }
        var value: UInt32 = 0
        for offset in 0..<4 {
            guard let digit = Self.hexDigit(bytes[index + offset]) else { return nil }
            value = value << 4 | digit
        }
        index += 4
        return value
    }

    private static func hexDigit(_ byte: UInt8) -> UInt32? {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): UInt32(byte - UInt8(ascii: "0"))
        case UInt8(ascii: "a")...UInt8(ascii: "f"): UInt32(byte - UInt8(ascii: "a")) + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): UInt32(byte - UInt8(ascii: "A")) + 10
        default: nil
        }
    }
}
