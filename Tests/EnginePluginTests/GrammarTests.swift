import EngineAPI
import EngineTesting
import Testing

@Suite("Grammars")
struct GrammarTests {
    private let model: any GenerativeModel

    init() throws {
        model = try Fixtures.model()
    }

    private func answer(_ grammar: Grammar, seed: UInt64 = 1, count: Int = 200) throws -> String {
        try Fixtures.text(
            model, "Say it", SamplingParameters(temperature: 1.5, seed: seed, grammar: grammar),
            count: count)
    }

    @Test("Text follows the grammar and ends where the grammar does", arguments: 1...8)
    func follows(seed: Int) throws {
        let grammar = Grammar(text: "root ::= (\"yes\" | \"no\") \", \" [0-9]{2} \"!\"")
        let text = try answer(grammar, seed: UInt64(seed))
        #expect(text.wholeMatch(of: /(yes|no), [0-9]{2}!/) != nil, "\(text)")
    }

    @Test("A JSON schema becomes a grammar whose texts are such JSON", arguments: 1...4)
    func schema(seed: Int) throws {
        let schema = """
            {"type": "object", "properties": {"name": {"enum": ["Ida", "Bo"]}, \
            "age": {"type": "integer", "minimum": 1, "maximum": 99}}, \
            "required": ["name", "age"], "additionalProperties": false}
            """
        let grammar = Grammar(text: try model.grammar(jsonSchema: schema))
        let text = try answer(grammar, seed: UInt64(seed), count: 400)
        let expected = /\{\s*"name"\s*:\s*"(Ida|Bo)"\s*,\s*"age"\s*:\s*[1-9][0-9]?\s*\}\s*/
        #expect(text.wholeMatch(of: expected) != nil, "\(text)")
    }

    @Test("A schema that no grammar keeps is refused with the reason")
    func wrongSchemas() throws {
        let deep = String(repeating: "[", count: 100_000)
        for (schema, reason) in [
            ("{\"type\": \"blob\"}", "blob"), ("{\"$ref\": \"#/nowhere\"}", "nowhere"),
            ("{\"type\"", "JSON"), ("3", "object"), ("", "JSON"), (deep, "nested"),
        ] {
            let error = #expect(throws: EngineError.self) {
                try model.grammar(jsonSchema: schema)
            }
            #expect(error?.kind == .invalidInput)
            #expect(error?.message.contains(reason) == true, "\(error?.message ?? "")")
        }
    }

    @Test("A malformed grammar is refused with the reason")
    func malformed() throws {
        let nested = "root ::= " + String(repeating: "(", count: 100_000)
        for (text, reason) in [
            ("root ::= missing", "missing"), ("root ::= \"open", "malformed"),
            ("start ::= \"a\"", "root"), ("root ::= root \"a\"", "left recursion"),
            (nested, "deep"),
        ] {
            let error = #expect(throws: EngineError.self) {
                try model.makeSampler(SamplingParameters(grammar: Grammar(text: text)))
            }
            #expect(error?.kind == .invalidInput)
            #expect(error?.message.contains(reason) == true, "\(error?.message ?? "")")
        }
    }

    @Test("A lazy grammar leaves the text free until its trigger, and binds it from there")
    func lazy() throws {
        let grammar = Grammar(
            text: "root ::= \"Z\" [0-9]{3}", isLazy: true, triggerWords: ["Z"])
        let free = try Fixtures.text(
            model, "Speak", SamplingParameters(temperature: 0, grammar: grammar), count: 40)
        let greedy = try Fixtures.text(model, "Speak", .greedy, count: 40)
        #expect(!greedy.contains("Z") && free == greedy, "the fixture's answer has no Z")
        // A bias makes the trigger likely, and what may not follow it unlikelier than nothing.
        let zed = try #require(
            model.tokenize("Z", addsSpecial: false, parsesSpecial: false).first)
        let text = try Fixtures.text(
            model, "Speak",
            SamplingParameters(
                temperature: 0, logitBias: [LogitBias(token: zed, bias: 1_000)], grammar: grammar),
            count: 40)
        #expect(text.wholeMatch(of: /Z[0-9]{3}/) != nil, "\(text)")
        let pattern = Grammar(
            text: grammar.text, isLazy: true, triggerPatterns: ["^(Z)"])
        let same = try Fixtures.text(
            model, "Speak",
            SamplingParameters(
                temperature: 0, logitBias: [LogitBias(token: zed, bias: 1_000)], grammar: pattern),
            count: 40)
        #expect(same == text)
    }
}
