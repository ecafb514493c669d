import GatewayHTTP
import ServingModel
import Testing

@Suite("Fields of a request")
struct RequestFieldsTests {
    private func fields(_ text: String) throws -> RequestFields {
        try RequestFields(try JSONValue(parsing: text))
    }

    private func refusal(
        _ text: String, _ read: (RequestFields) throws -> Void
    ) throws -> RequestProblem? {
        let fields = try fields(text)
        return #expect(throws: RequestProblem.self) { try read(fields) }
    }

    @Test("A wrong value is refused with the field's name, what it is and what it may be")
    func refusals() throws {
        let cases: [(String, (RequestFields) throws -> Void, [String])] = [
            (
                #"{"a":"x"}"#, { _ = try $0.number("a", in: 0...2) },
                ["'a'", "from 0.0 to 2.0", "a string"]
            ),
            (#"{"a":3}"#, { _ = try $0.number("a", in: 0...2) }, ["'a'", "not 3"]),
            (
                #"{"a":1.5}"#, { _ = try $0.integer("a", in: 1...9) },
                ["whole number", "from 1 to 9"]
            ),
            (#"{"a":1}"#, { _ = try $0.string("a") }, ["a string", "not 1"]),
            (#"{"a":"b"}"#, { _ = try $0.flag("a") }, ["true or false"]),
            (#"{"a":"b"}"#, { _ = try $0.word("a", of: ["c", "d"]) }, ["'b'", "'c', 'd'"]),
            (
                #"{"a":[1]}"#, { _ = try $0.strings("a", most: 4) },
                ["at most 4 strings", "an array"]
            ),
            (#"{"a":["x","y"]}"#, { _ = try $0.strings("a", most: 1) }, ["at most 1"]),
            (#"{"a":[]}"#, { _ = try $0.object("a") }, ["an object", "an array"]),
            ("{}", { _ = try $0.requiredString("a") }, ["'a' is missing"]),
        ]
        for (text, read, parts) in cases {
            let problem = try refusal(text, read)
            #expect(problem?.param == "a")
            for part in parts {
                #expect(problem?.error.message.contains(part) == true, "\(text): \(part)")
            }
        }
    }

    @Test("A field inside another is named with its whole path")
    func paths() throws {
        let problem = try refusal(#"{"a":{"b":{"c":1}}}"#) {
            _ = try $0.object("a")?.object("b")?.string("c")
        }
        #expect(problem?.param == "a.b.c")
    }

    @Test("Null and absent fields are the same")
    func absent() throws {
        let fields = try fields(#"{"a":null}"#)
        for key in ["a", "b"] {
            #expect(try fields.string(key) == nil)
            #expect(try fields.number(key, in: 0...1) == nil)
            #expect(try fields.flag(key) == nil)
            #expect(try fields.object(key) == nil)
            #expect(try fields.strings(key, most: 1).isEmpty)
        }
    }

    @Test("A request that is no object is refused with what it is")
    func notAnObject() throws {
        for (text, kind) in [("[]", "an array"), ("3", "3"), ("\"x\"", "a string")] {
            let problem = #expect(throws: RequestProblem.self) {
                try RequestFields(try JSONValue(parsing: text))
            }
            #expect(problem?.error.message.contains(kind) == true)
        }
    }
}
