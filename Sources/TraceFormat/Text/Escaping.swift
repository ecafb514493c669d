/// Names in one word: bytes other than visible ASCII, and the characters that the format uses itself,
/// are written as `%` and two hexadecimal digits, as in URLs.
enum Escaping {
    private static let digits = Array("0123456789ABCDEF".utf8)

    private static func isPlain(_ byte: UInt8) -> Bool {
        (0x21...0x7E).contains(byte) && byte != UInt8(ascii: "%") && byte != UInt8(ascii: "=")
            && byte != UInt8(ascii: ",")
    }

    static func escaped(_ name: String) -> String {
        if name.isEmpty { return "%" }
        var bytes: [UInt8] = []
        for byte in name.utf8 {
            if isPlain(byte) {
                bytes.append(byte)
            } else {
                bytes += [
                    UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 15)],
                ]
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// The name, or `nil` when an escape is broken or the bytes are not UTF-8.
    static func unescaped(_ word: String) -> String? {
        if word == "%" { return "" }
        var bytes: [UInt8] = []
        var rest = Array(word.utf8)[...]
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "%") else {
                bytes.append(byte)
                continue
            }
            guard let upper = rest.popFirst().flatMap(digits.firstIndex(of:)),
                let lower = rest.popFirst().flatMap(digits.firstIndex(of:))
            else { return nil }
            bytes.append(UInt8(upper << 4 | lower))
        }
        return String(validating: bytes, as: UTF8.self)
    }
}
