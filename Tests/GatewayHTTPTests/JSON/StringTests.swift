import Foundation
import GatewayHTTP
import ServingModel
import Testing

@Suite("Strings and structure in JSON")
struct StringTests {
    private func string(_ literal: String) throws -> String? {
        try reading(literal) { try $0.text().string }
    }

    @Test(
        "Every escape means what the standard says",
        arguments: [
            (#""""#, ""), (#""plain""#, "plain"), (#""\"\\\/\b\f\n\r\t""#, "\"\\/\u{8}\u{C}\n\r\t"),
            (#""\u0041\u00e9\u20AC""#, "Aé€"), (#""\u0000""#, "\0"), (#""\uFFFF""#, "\u{FFFF}"),
            (#""\ud83d\ude00""#, "😀"), (#""\uD800\uDC00""#, "\u{10000}"),
            (#""\uDBFF\uDFFF""#, "\u{10FFFF}"), (#""a\u0301""#, "a\u{301}"), (#""é😀""#, "é😀"),
            (#""\\u0041""#, #"\u0041"#), (#""\\\"""#, #"\""#), (#"" \u005c ""#, #" \ "#),
        ])
    func escapes(literal: String, expected: String) throws {
        let found = try #require(try string(literal))
        #expect(Array(found.utf8) == Array(expected.utf8))
    }

    @Test(
        "Broken escapes and lone surrogates are no strings",
        arguments: [
            #""\x""#, #""\u""#, #""\u12""#, #""\u123""#, #""\u12g4""#, #""\u+123""#, #""\ud800""#,
            #""\udc00""#, #""\ud800\ud800""#, #""\ud800x""#, #""\ud800\n""#, #""\ud83d\u0041""#,
            #""\ud83d\u""#, #""\ud83d\""# + "\"", #""\U0041""#, #""\'""#, #""\0""#,
        ])
    func brokenEscapes(literal: String) throws {
        #expect(try string(literal) == nil)
    }

    @Test(
        "Strings that do not end, or hold control characters, are refused",
        arguments: [
            "\"", "\"abc", "\"\\", "\"\\\"", "\"a\nb\"", "\"a\tb\"", "\"\0\"", "\"\u{1F}\"", "abc",
            "",
            "'a'",
        ])
    func brokenStrings(literal: String) {
        #expect(throws: ServingError.self) { try string(literal) }
    }

    @Test("Bytes that are not UTF-8 are no text, with and without escapes")
    func invalidUTF8() throws {
        for bad in [[0xFF], [0xC3], [0xC0, 0x80], [0xED, 0xA0, 0x80], [0xF5, 0x80, 0x80, 0x80]]
            as [[UInt8]]
        {
            for escape in [[], Array(#"\n"#.utf8)] as [[UInt8]] {
                let literal = [0x22] + bad + escape + [0x22]
                try scanning(literal) { scanner in
                    let text = try scanner.text()
                    #expect(text.string == nil)
                    #expect(text.unescaped?.starts(with: bad) == true)
                }
            }
        }
    }

    @Test("Random texts come back from their JSON, whoever wrote it")
    func roundTrip() throws {
        var generator = SeededGenerator(seed: 4)
        let encoder = JSONEncoder()
        for _ in 0..<3_000 {
            let text = Self.randomText(&generator)
            let foreign = String(decoding: try encoder.encode(text), as: UTF8.self)
            #expect(try string(foreign) == text)
            #expect(try string(Self.escapingEverything(text)) == text)
            let buffer = TextBuffer(capacity: 1)
            buffer.appendJSON(text)
            let own = String(decoding: buffer.bytes, as: UTF8.self)
            #expect(try string(own) == text)
            #expect(try JSONDecoder().decode(String.self, from: Data(buffer.bytes)) == text)
        }
    }

    @Test("Hexadecimal digits are those of the standard library, all sixteen")
    func hexadecimal() {
        var generator = SeededGenerator(seed: 5)
        let buffer = TextBuffer(capacity: 1)
        let edges: [UInt64] = [0, 9, 10, 15, 16, .max, 0x0123_4567_89AB_CDEF]
        for value in edges + (0..<2_000).map({ _ in generator.next() }) {
            buffer.removeAll()
            buffer.appendHexadecimal(value)
            let digits = String(value, radix: 16)
            let expected = String(repeating: "0", count: 16 - digits.count) + digits
            #expect(String(decoding: buffer.bytes, as: UTF8.self) == expected)
        }
    }

    @Test("A text equals a name exactly when they say the same, escaped or not")
    func equality() throws {
        func equals(_ literal: String, _ name: String) throws -> Bool {
            try scanning(literal) { try $0.text().equals(name) }
        }
        func equalsName(_ literal: String) throws -> Bool {
            try scanning(literal) { try $0.text().equals("name" as StaticString) }
        }
        #expect(try equalsName(#""name""#))
        #expect(try equals(#""name""#, "name"))
        #expect(try equals(#""n\u0061me""#, "name"))
        for other in ["nam", "names", "Name", ""] {
            #expect(try !equals(#""name""#, other))
            #expect(try !equals(#""n\u0061me""#, other))
            #expect(try !equalsName("\"\(other)\""))
        }
    }

    // MARK: Structure

    @Test(
        "Values that nobody wants are skipped, whatever they are",
        arguments: [
            "null", "true", "false", "0", "-1.5e3", "NaN", "-Infinity", "\"\"", "[]", "{}", "[ ]",
            "{ }", "[1,[2,{\"a\":[null]}],\"]\"]", "{\"a\":{\"b\":[]},\"}\":1}", "\t\n\r {} ",
            #"["\"","\\"]"#,
        ])
    func skip(text: String) throws {
        try reading(text) { try $0.skipValue() }
    }

    @Test(
        "What is no value is not skipped",
        arguments: [
            "", "nul", "tru", "truee", "fals", "[", "]", "[1", "[1,", "[1,]", "[,1]", "[1 2]", "{",
            "}", "{1:2}", "{\"a\"}", "{\"a\":}", "{\"a\":1,}", "{\"a\":1 \"b\":2}", "{,}", "[}",
            "{]",
            "undefined", "\u{FEFF}1", "//", "1;", "\0",
        ])
    func refuse(text: String) {
        #expect(throws: ServingError.self) { try reading(text) { try $0.skipValue() } }
    }

    @Test("Values may nest 64 deep and no deeper, so that no request can exhaust the stack")
    func depth() throws {
        func nested(_ depth: Int, _ open: String, _ close: String) -> String {
            String(repeating: open, count: depth) + "1" + String(repeating: close, count: depth)
        }
        let deepest = JSONScanner.maxDepth - 1
        try reading(nested(deepest, "[", "]")) { try $0.skipValue() }
        try reading(nested(deepest, "{\"a\":", "}")) { try $0.skipValue() }
        for text in [nested(deepest + 1, "[", "]"), nested(10_000, "{\"a\":", "}")] {
            let message = message { try reading(text) { try $0.skipValue() } }
            #expect(message?.contains("nested") == true)
        }
    }

    // MARK: Texts

    private static func randomText(_ generator: inout SeededGenerator) -> String {
        var text = ""
        for _ in 0..<generator.pick(0...20) {
            let scalar =
                switch generator.pick(0...4) {
                case 0: UInt32(generator.pick(0...0x1F))
                case 1: UInt32(generator.pick(0x20...0x7F))
                case 2: UInt32(generator.pick(0x80...0xD7FF))
                case 3: UInt32(generator.pick(0xE000...0x10FFFF))
                default: generator.pick(of: [0x22, 0x5C, 0x2F, 0x2028, 0x7F] as [UInt32])
                }
            if let scalar = Unicode.Scalar(scalar) { text.unicodeScalars.append(scalar) }
        }
        return text
    }

    private static func escapingEverything(_ text: String) -> String {
        "\"" + text.utf16.map { String(format: "\\u%04x", $0) }.joined() + "\""
    }
}
