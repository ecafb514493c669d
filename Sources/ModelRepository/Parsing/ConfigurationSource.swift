/// The text of a configuration and the name under which messages refer to it.
struct ConfigurationSource: Sendable {
    /// Path of the file, for messages.
    let file: String

    /// The text.
    let bytes: [UInt8]

    /// The place of a byte offset in the text.
    func location(ofOffset offset: Int) -> ConfigurationError.Location {
        var line = 1
        var column = 1
        for byte in bytes.prefix(offset) {
            if byte == UInt8(ascii: "\n") {
                line += 1
                column = 1
            } else if byte & 0xC0 != 0x80 {
                // Bytes that continue a UTF-8 sequence belong to a character already counted.
                column += 1
            }
        }
        return ConfigurationError.Location(file: file, line: line, column: column)
    }

    /// The text in `range`, whatever it holds.
    func text(_ range: Range<Int>) -> String {
        String(decoding: bytes[range], as: UTF8.self)
    }
}
