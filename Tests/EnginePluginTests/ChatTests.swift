import EngineAPI
import EngineTesting
import Testing

@Suite("Chats")
struct ChatTests {
    private static let tools = """
        "tools": [{"type": "function", "function": {"name": "weather", "description": "Tells it", \
        "parameters": {"type": "object", "properties": {"city": {"enum": ["Ulm", "Bonn"]}}, \
        "required": ["city"], "additionalProperties": false}}}]
        """

    private static func request(_ fields: String = "") -> String {
        """
        {"messages": [{"role": "system", "content": "Be brief."}, \
        {"role": "user", "content": "Say \\"hi\\""}]\(fields.isEmpty ? "" : ", " + fields)}
        """
    }

    @Test("The model's own template makes the prompt")
    func renders() throws {
        let model = try Fixtures.model()
        #expect(model.info.hasChatTemplate && model.info.supportsTools)
        let prompt = try model.renderChat(Self.request())
        #expect(
            prompt.text == """
                <|im_start|>system
                Be brief.<|im_end|>
                <|im_start|>user
                Say "hi"<|im_end|>
                <|im_start|>assistant

                """)
        #expect(prompt.grammar == nil)
        let ended = try model.renderChat(Self.request("\"add_generation_prompt\": false"))
        #expect(ended.text + "<|im_start|>assistant\n" == prompt.text)
        let parts = try model.renderChat(
            """
            {"messages": [{"role": "user", "content": [{"type": "text", "text": "a"}, \
            {"type": "text", "text": "b"}]}]}
            """)
        #expect(parts.text.contains("a") && parts.text.contains("b"))
    }

    @Test("A wanted tool call is a grammar, and its text parses into a call")
    func calls() throws {
        let model = try Fixtures.model()
        let prompt = try model.renderChat(
            Self.request(Self.tools + ", \"tool_choice\": \"required\""))
        #expect(prompt.text.contains("\"name\": \"weather\""))
        let grammar = try #require(prompt.grammar)
        #expect(!grammar.isLazy)
        // The grammar lets a text come before the call, in which a random model would get lost: biases
        // bring the marker and the line's end after it, and penalties let them happen a few times only.
        let marker = try model.tokenize("<tool_call>", addsSpecial: false, parsesSpecial: true)[0]
        let newline = try model.tokenize("\n", addsSpecial: false, parsesSpecial: false)[0]
        let parameters = SamplingParameters(
            temperature: 0, frequencyPenalty: 100,
            logitBias: [
                LogitBias(token: marker, bias: 200), LogitBias(token: newline, bias: 150),
            ], grammar: grammar)
        let output = try Fixtures.text(model, prompt.text, parameters, count: 400)
        let message = try model.parseChat(output, of: prompt, isPartial: true)
        #expect(message.contains("\"name\":\"weather\""), "\(message)")
        #expect(message.contains("Ulm") || message.contains("Bonn"))
    }

    @Test("A tool call that is free to come waits for its marker, which stays visible")
    func freeCalls() throws {
        let model = try Fixtures.model()
        let prompt = try model.renderChat(Self.request(Self.tools))
        let grammar = try #require(prompt.grammar)
        #expect(grammar.isLazy && grammar.triggerWords.contains { $0.contains("<tool_call>") })
        let marker = try model.tokenize("<tool_call>", addsSpecial: false, parsesSpecial: true)
        #expect(marker.count == 1 && prompt.visibleTokens.contains(marker[0]))
        let call =
            "I see. <tool_call>\n{\"name\": \"weather\", \"arguments\": {\"city\": \"Ulm\"}}\n</tool_call>"
        let message = try model.parseChat(call, of: prompt, isPartial: false)
        #expect(message.contains("\"tool_calls\"") && message.contains("I see."), "\(message)")
        // What may become a call is held back while the text is not complete.
        for length in 0...call.count {
            let partial = try model.parseChat(
                String(call.prefix(length)), of: prompt, isPartial: true)
            #expect(!partial.contains("<tool"), "\(partial)")
        }
        let plain = try model.parseChat("Just text.", of: prompt, isPartial: false)
        #expect(plain.contains("\"content\":\"Just text.\""))
    }

    @Test("A response format is a grammar whose text is the content")
    func formats() throws {
        let model = try Fixtures.model()
        let prompt = try model.renderChat(
            Self.request(
                """
                "response_format": {"type": "json_schema", "json_schema": {"name": "n", \
                "schema": {"type": "object", "properties": {"n": {"enum": [1, 22]}}, \
                "required": ["n"], "additionalProperties": false}}}
                """))
        let grammar = try #require(prompt.grammar)
        let output = try Fixtures.text(
            model, prompt.text, SamplingParameters(temperature: 0, grammar: grammar), count: 400)
        #expect(output.contains(/\{\s*"n"\s*:\s*(1|22)\s*\}/), "\(output)")
        #expect(
            try model.renderChat(Self.request("\"response_format\": {\"type\": \"json_object\"}"))
                .grammar != nil)
        #expect(
            try model.renderChat(Self.request("\"response_format\": {\"type\": \"text\"}")).grammar
                == nil)
    }

    @Test("What a template cannot take is refused with the reason")
    func refusals() throws {
        let model = try Fixtures.model()
        let user = "\"role\": \"user\""
        for (request, reason) in [
            ("", "JSON"), ("[]", "object"), ("{}", "messages"), ("{\"messages\": []}", "messages"),
            ("{\"messages\": [3]}", "messages[0]"),
            ("{\"messages\": [{\"role\": \"bee\", \"content\": \"\"}]}", "bee"),
            ("{\"messages\": [{\(user)}]}", "content"),
            ("{\"messages\": [{\(user), \"content\": [{\"type\": \"image_url\"}]}]}", "image_url"),
            (Self.request("\"response_format\": {\"type\": \"xml\"}"), "xml"),
            (Self.request("\"response_format\": {\"type\": \"json_schema\"}"), "json_schema"),
            (Self.request("\"tools\": 3"), "tools"),
            (Self.request("\"add_generation_prompt\": \"yes\""), "add_generation_prompt"),
            (
                Self.request(
                    Self.tools + ", \"tool_choice\": {\"type\": \"function\", \"function\": "
                        + "{\"name\": \"other\"}}"), "other"
            ),
        ] {
            let error = #expect(throws: EngineError.self) { try model.renderChat(request) }
            #expect(error?.kind == .invalidInput)
            #expect(error?.message.contains(reason) == true, "\(error?.message ?? "")")
        }
    }

    @Test("Without a template, or with one that cannot be read, a model still completes text")
    func noTemplate() throws {
        for (name, reason) in [("plain", "no chat template"), ("bad_template", "not supported")] {
            let model = try Fixtures.model(name)
            #expect(!model.info.hasChatTemplate && !model.info.supportsTools)
            let error = #expect(throws: EngineError.self) { try model.renderChat(Self.request()) }
            #expect(error?.kind == .invalidInput)
            #expect(error?.message.contains(reason) == true, "\(error?.message ?? "")")
            #expect(try model.generate([1, 2, 3], count: 4).count == 4)
        }
    }
}
