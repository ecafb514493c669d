internal import GatewayCore
internal import ServingModel

/// `POST /v1/responses`, in its text form. Nothing is stored: each request holds its whole conversation.
struct ResponsesRequest {
    var model: String
    var call: TextCall
    var tier: ServiceTier?
    var streams: Bool
    /// Whether the answer may be a call of one of the client's tools.
    var offersTools: Bool
    /// The request's members, for those that the answer repeats.
    let fields: RequestFields

    init(_ fields: RequestFields) throws(RequestProblem) {
        self.fields = fields
        model = try fields.requiredString("model")
        for key in ["previous_response_id", "conversation", "prompt"] where fields[key] != nil {
            throw RequestProblem(
                ServingError(
                    .unsupported,
                    "'\(key)' is not supported: this server stores nothing; send the conversation "
                        + "in 'input'"), param: key)
        }
        guard try fields.flag("background") != true else {
            throw RequestProblem(
                ServingError(.unsupported, "'background' is not supported"), param: "background")
        }
        let conversation = try Self.conversation(fields)
        offersTools = conversation.offersTools
        call = TextCall(prompts: [.chat(conversation.json)])
        try call.readSampling(fields)
        call.maxNewTokens = try fields.integer("max_output_tokens", in: 1...1_000_000_000)
        tier = try call.readTier(fields)
        if try Self.includesProbabilities(fields) {
            call.alternatives =
                try fields.integer("top_logprobs", in: 0...TextCall.mostAlternatives) ?? 0
        }
        streams = try fields.flag("stream") ?? false
    }

    private static func includesProbabilities(
        _ fields: RequestFields
    ) throws(RequestProblem) -> Bool {
        (try fields.array("include") ?? []).contains { $0.text == "message.output_text.logprobs" }
            || fields["top_logprobs"] != nil
    }

    private static func conversation(
        _ fields: RequestFields
    ) throws(RequestProblem) -> Conversation {
        var messages: [JSONValue] = []
        if let instructions = try fields.string("instructions") {
            messages.append(.message("system", .string(instructions)))
        }
        guard let input = fields["input"] else { throw fields.problem("input", "is missing") }
        if let text = input.text {
            messages.append(.message("user", .string(text)))
        } else {
            guard let items = input.elements, !items.isEmpty else {
                throw fields.problem(
                    "input", "must be a string or an array of items that is not empty")
            }
            for (index, item) in items.enumerated() {
                let next = try message(RequestFields(item, "input[\(index)]"))
                if let joined = messages.last?.joined(with: next) {
                    messages[messages.count - 1] = joined
                } else {
                    messages.append(next)
                }
            }
        }
        var conversation = Conversation(messages: messages)
        var tools: [JSONValue] = []
        for (index, value) in (try fields.array("tools") ?? []).enumerated() {
            tools.append(try tool(value, "tools[\(index)]"))
        }
        try conversation.offer(tools: tools, choice: choice(fields), named: "tools")
        if let parallel = fields["parallel_tool_calls"] {
            conversation.set("parallel_tool_calls", parallel)
        }
        if let effort = try fields.object("reasoning")?.string("effort") {
            conversation.set("reasoning_effort", .string(effort))
        }
        if let format = try format(fields) { conversation.set("response_format", format) }
        return conversation
    }

    // MARK: Items to messages

    private static func message(_ item: RequestFields) throws(RequestProblem) -> JSONValue {
        switch try item.string("type") ?? "message" {
        case "message":
            let roles = ["system", "developer", "user", "assistant"]
            guard let role = try item.word("role", of: roles) else {
                throw item.problem("role", "is missing")
            }
            return .message(role == "developer" ? "system" : role, .string(try content(item)))
        case "function_call":
            let function = JSONValue.object([
                .init("name", .string(try item.requiredString("name"))),
                .init("arguments", .string(try item.requiredString("arguments"))),
            ])
            let call = JSONValue.object([
                .init("id", .string(try item.requiredString("call_id"))),
                .init("type", .string("function")), .init("function", function),
            ])
            return .message("assistant", .null, [.init("tool_calls", .array([call]))])
        case "function_call_output":
            return .message(
                "tool", .string(try item.requiredString("output")),
                [.init("tool_call_id", .string(try item.requiredString("call_id")))])
        case let other:
            throw item.problem(
                "type",
                "is '\(other)'; it may be 'message', 'function_call', 'function_call_output'")
        }
    }

    private static func content(_ item: RequestFields) throws(RequestProblem) -> String {
        guard let content = item["content"] else { throw item.problem("content", "is missing") }
        if let text = content.text { return text }
        guard let parts = content.elements else {
            throw item.problem("content", "must be a string or an array of parts")
        }
        var texts: [String] = []
        for (index, part) in parts.enumerated() {
            let part = try RequestFields(part, item.name("content[\(index)]"))
            _ = try part.word("type", of: ["input_text", "output_text", "text"])
            texts.append(try part.requiredString("text"))
        }
        return texts.joined()
    }

    // MARK: Tools and form

    /// A tool in the form that chats have: what describes the function stands one level deeper.
    private static func tool(_ value: JSONValue, _ name: String) throws(RequestProblem) -> JSONValue
    {
        let fields = try RequestFields(value, name)
        _ = try fields.word("type", of: ["function"])
        let members = ["name", "description", "parameters", "strict"].compactMap { key in
            fields[key].map { JSONValue.Member(key, $0) }
        }
        return .object([
            .init("type", .string("function")), .init("function", .object(members)),
        ])
    }

    private static func choice(_ fields: RequestFields) -> JSONValue? {
        guard let choice = fields["tool_choice"], let name = choice["name"] else {
            return fields["tool_choice"]
        }
        return .object([
            .init("type", .string("function")), .init("function", .object([.init("name", name)])),
        ])
    }

    private static func format(_ fields: RequestFields) throws(RequestProblem) -> JSONValue? {
        guard let format = try fields.object("text")?.object("format") else { return nil }
        let type = try format.word("type", of: ["text", "json_object", "json_schema"])
        guard type == "json_schema" else { return format.value }
        guard try format.object("schema") != nil else {
            throw format.problem("schema", "is missing")
        }
        return .object([.init("type", .string("json_schema")), .init("json_schema", format.value)])
    }
}

extension JSONValue {
    /// A message of a chat.
    fileprivate static func message(
        _ role: String, _ content: JSONValue, _ more: [Member] = []
    ) -> JSONValue {
        .object([Member("role", .string(role)), Member("content", content)] + more)
    }

    /// One message for two that follow each other and call tools: they were called together. `nil` when
    /// they are anything else.
    fileprivate func joined(with next: JSONValue) -> JSONValue? {
        guard let calls = self["tool_calls"]?.elements, let more = next["tool_calls"]?.elements
        else { return nil }
        return .message("assistant", .null, [Member("tool_calls", .array(calls + more))])
    }
}
