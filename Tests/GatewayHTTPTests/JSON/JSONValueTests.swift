import GatewayHTTP
import ServingModel
import Testing

@Suite("A JSON tree")
struct JSONValueTests {
    private func parse(_ text: String) throws -> JSONValue { try JSONValue(parsing: text) }

    @Test("Members keep their order and numbers their digits, so a schema is passed on as it was")
    func roundTrip() throws {
        for text in [
            #"{"z":1.50,"a":[true,false,null],"m":{"é":"\"\\\n","b":-0e3}}"#, "[]", "{}", "\"\"",
            "12345678901234567890", "null", #"{"type":"object","properties":{"b":{},"a":{}}}"#,
        ] { #expect(try parse(text).json == text) }
    }

    @Test("Space around tokens is left out and escapes are written the shortest way")
    func normalised() throws {
        #expect(
            try parse(" { \"a\" : [ 1 , \"\\u0041\\ud83d\\ude00\" ] } ").json == #"{"a":[1,"A😀"]}"#)
    }

    @Test("A fault is refused with its position")
    func faults() {
        let faults: [(String, String)] = [
            ("{", "byte 1"), ("{\"a\":}", "byte 5"), ("[1,]", "byte 3"), ("nul", "byte 0"),
            ("{} x", "byte 3"), ("\"\u{1}\"", "byte 1"), ("[NaN]", "finite"),
            ("[1e999]", "finite"), ("\"\\ud800\"", "escapes"),
            (String(repeating: "[", count: 100), "64 deep"),
        ]
        for (text, part) in faults {
            let error = #expect(throws: ServingError.self) { try parse(text) }
            #expect(error?.code == .invalidArgument)
            #expect(error?.message.contains(part) == true, "\(text): \(error?.message ?? "")")
        }
    }

    @Test("Bytes that are not UTF-8 are refused")
    func invalidUTF8() {
        let bytes: [UInt8] = [0x22, 0xC3, 0x28, 0x22]
        #expect(throws: ServingError.self) {
            try bytes.withUnsafeBytes { try JSONValue(parsing: $0) }
        }
    }

    @Test("A member that is null counts as absent, and the last of several counts")
    func members() throws {
        let value = try parse(#"{"a":null,"b":1,"b":2}"#)
        #expect(value["a"] == nil)
        #expect(value["b"]?.integer == 2)
        #expect(value["c"] == nil)
        #expect(try parse("[1]")["a"] == nil)
    }

    @Test("Whole numbers are whole in every spelling")
    func integers() throws {
        let spellings: [(String, Int?)] = [
            ("7", 7), ("7.0", 7), ("7e0", 7), ("7.5", nil), ("1e30", nil), ("-3", -3),
            ("9007199254740993", 9_007_199_254_740_993),
        ]
        for (text, value) in spellings { #expect(try parse(text).integer == value) }
    }
}
