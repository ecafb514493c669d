internal import ServingModel

/// The part of a chat request that the model's template turns into a prompt: checked where a template
/// would fail obscurely, and otherwise passed on as the client wrote it.
struct Conversation {
    private static let roles = ["system", "developer", "user", "assistant", "tool", "function"]
    /// Fields that are passed on to the template.
    private static let passedOn = [
        "parallel_tool_calls", "response_format", "reasoning_effort", "chat_template_kwargs",
        "add_generation_prompt", "continue_final_message",
    ]

    private var members: [JSONValue.Member] = []
    private(set) var offersTools = false

    /// A conversation whose messages are known; the rest comes from a request.
    init(messages: [JSONValue]) {
        members = [JSONValue.Member("messages", .array(messages))]
    }

    /// The conversation of a chat request.
    init(_ fields: RequestFields) throws(RequestProblem) {
        guard let messages = try fields.array("messages"), !messages.isEmpty else {
            throw fields.problem("messages", "must be an array with at least one message")
        }
        var checked: [JSONValue] = []
        for (index, message) in messages.enumerated() {
            checked.append(try Self.checked(message, fields.name("messages[\(index)]")))
        }
        self.init(messages: checked)
        guard fields["functions"] == nil, fields["function_call"] == nil else {
            throw RequestProblem(
                ServingError(
                    .unsupported, "'functions' and 'function_call' are not supported; use 'tools'"),
                param: "functions")
        }
        try Self.checkModalities(fields)
        try Self.checkFormat(fields)
        try offer(
            tools: fields.array("tools"), choice: fields["tool_choice"], named: fields.name("tools")
        )
        for key in Self.passedOn {
            if let value = fields[key] { members.append(JSONValue.Member(key, value)) }
        }
    }

    /// The conversation as the engine takes it.
    var json: String { JSONValue.object(members).json }

    /// Adds a field for the template.
    mutating func set(_ key: String, _ value: JSONValue) {
        members.append(JSONValue.Member(key, value))
    }

    /// Offers tools to the model, unless the client chose that none shall be called.
    mutating func offer(
        tools: [JSONValue]?, choice: JSONValue?, named name: String
    ) throws(RequestProblem) {
        guard let tools, !tools.isEmpty else {
            guard choice == nil || choice?.text == "none" || choice?.text == "auto" else {
                throw RequestProblem("tool_choice", "needs 'tools'")
            }
            return
        }
        var functions: [String] = []
        for (index, tool) in tools.enumerated() {
            let tool = try RequestFields(tool, "\(name)[\(index)]")
            _ = try tool.word("type", of: ["function"])
            guard let function = try tool.object("function") else {
                throw tool.problem("function", "is missing")
            }
            functions.append(try function.requiredString("name"))
            _ = try function.object("parameters")
        }
        try Self.check(choice, functions)
        guard choice?.text != "none" else { return }
        offersTools = true
        set("tools", .array(tools))
        if let choice { set("tool_choice", choice) }
    }

    private static func check(
        _ choice: JSONValue?, _ functions: [String]
    ) throws(RequestProblem) {
        guard let choice else { return }
        if let word = choice.text, ["none", "auto", "required"].contains(word) { return }
        guard case .object = choice, let name = choice["function"]?["name"]?.text else {
            throw RequestProblem(
                "tool_choice",
                "must be 'none', 'auto', 'required' or an object that names a function")
        }
        guard functions.contains(name) else {
            let known = functions.joined(separator: ", ")
            throw RequestProblem("tool_choice", "names '\(name)'; the tools are \(known)")
        }
    }

    private static func checked(
        _ message: JSONValue, _ name: String
    ) throws(RequestProblem) -> JSONValue {
        let fields = try RequestFields(message, name)
        guard let role = try fields.word("role", of: roles) else {
            throw fields.problem("role", "is missing")
        }
        try checkContent(fields, "content")
        if fields["content"] == nil, fields["tool_calls"] == nil, role != "assistant" {
            throw fields.problem("content", "is missing")
        }
        guard role == "developer", case .object(let members) = message else { return message }
        // Newer name of the same role; templates know the older one.
        return .object(
            members.map { $0.key == "role" ? JSONValue.Member("role", .string("system")) : $0 })
    }

    /// Content is text, or parts that are text.
    private static func checkContent(
        _ fields: RequestFields, _ key: String
    ) throws(RequestProblem) {
        guard let content = fields[key], content.text == nil else { return }
        guard let parts = content.elements else {
            throw fields.problem(key, "must be a string or an array of parts, not \(content.kind)")
        }
        for (index, part) in parts.enumerated() {
            let part = try RequestFields(part, fields.name("\(key)[\(index)]"))
            _ = try part.word("type", of: ["text", "refusal"])
            _ = try part.string("text")
        }
    }

    private static func checkModalities(_ fields: RequestFields) throws(RequestProblem) {
        for modality in try fields.array("modalities") ?? [] where modality.text != "text" {
            throw fields.problem("modalities", "may only be [\"text\"]")
        }
        guard fields["audio"] == nil else { throw fields.problem("audio", "is not supported") }
    }

    private static func checkFormat(_ fields: RequestFields) throws(RequestProblem) {
        guard let format = try fields.object("response_format") else { return }
        let type = try format.word("type", of: ["text", "json_object", "json_schema"])
        guard type != nil else { throw format.problem("type", "is missing") }
        guard type == "json_schema" else { return }
        guard let schema = try format.object("json_schema") else {
            throw format.problem("json_schema", "is missing")
        }
        guard try schema.object("schema") != nil else {
            throw schema.problem("schema", "is missing")
        }
    }
}
