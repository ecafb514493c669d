internal import EngineAPI
internal import GatewayCore
internal import ServingModel
internal import ServingRuntime

/// What an assistant said, taken apart.
struct ChatMessage: Equatable {
    /// One call of a tool.
    struct ToolCall: Equatable {
        var id = ""
        var name = ""
        /// The arguments, as JSON text.
        var arguments = ""
    }

    var content = ""
    var reasoning = ""
    var toolCalls: [ToolCall] = []

    init() {}

    /// Reads the message that an engine made of a model's output.
    init(_ json: String) throws(ServingError) {
        let value = try JSONValue(parsing: json)
        content = value["content"]?.text ?? ""
        reasoning = value["reasoning_content"]?.text ?? ""
        toolCalls = (value["tool_calls"]?.elements ?? []).map { call in
            let function = call["function"]
            let arguments = function?["arguments"]
            return ToolCall(
                id: call["id"]?.text ?? "", name: function?["name"]?.text ?? "",
                arguments: arguments?.text ?? arguments?.json ?? "")
        }
    }
}

/// Reads a model's output as it grows, and tells what each piece adds to the message.
///
/// Models write tool calls and reasoning in formats of their own, which only the engine knows: then
/// the whole output so far is read again with each piece, and what is new is told.
struct ChatReader {
    /// What a piece adds. A call of a tool has its id and name when it is first told, and only
    /// arguments later.
    struct Delta: Equatable {
        struct ToolCall: Equatable {
            var index: Int
            var id: String?
            var name: String?
            var arguments: String
        }

        var content = ""
        var reasoning = ""
        var toolCalls: [ToolCall] = []

        var isEmpty: Bool { content.isEmpty && reasoning.isEmpty && toolCalls.isEmpty }
    }

    private let model: any GenerativeModel
    private let prompt: ChatPrompt?
    private var output = ""

    /// What was told so far.
    private(set) var message = ChatMessage()

    /// A reader of answers to `prompt`. Where no tool may be called and no control token can mark
    /// anything off, the answer is plain text, and is told as it comes.
    init(model: any GenerativeModel, prompt: ChatPrompt?, offersTools: Bool) {
        self.model = model
        self.prompt = prompt.flatMap {
            offersTools || !$0.visibleTokens.isEmpty ? $0 : nil
        }
    }

    /// Reads a piece, and with the last one how the output ended: then what was held back, because it
    /// might have become something else, is told.
    mutating func read(_ piece: String, _ end: GenerationEnd?) -> Delta {
        guard prompt != nil else {
            message.content += piece
            return Delta(content: piece)
        }
        output += piece
        let isWhole = end?.isWhole == true
        var delta = parse(isPartial: !isWhole)
        // Cut off in the middle of a call the output is no whole message; cut off elsewhere it is.
        if end != nil, !isWhole, message.toolCalls.isEmpty {
            let rest = parse(isPartial: false)
            delta.content += rest.content
            delta.reasoning += rest.reasoning
            delta.toolCalls += rest.toolCalls
        }
        if end != nil, message == ChatMessage() { return told(content: output) }
        return delta
    }

    /// Reads the output so far; output that does not have the format adds nothing.
    private mutating func parse(isPartial: Bool) -> Delta {
        guard let prompt,
            let json = try? model.parseChat(output, of: prompt, isPartial: isPartial),
            let read = try? ChatMessage(json)
        else { return Delta() }
        var delta = Delta(
            content: Self.grow(&message.content, to: read.content),
            reasoning: Self.grow(&message.reasoning, to: read.reasoning))
        for (index, call) in read.toolCalls.enumerated() where !call.name.isEmpty {
            if let part = grow(index, to: call) { delta.toolCalls.append(part) }
        }
        return delta
    }

    private mutating func told(content: String) -> Delta {
        message.content = content
        return Delta(content: content)
    }

    private mutating func grow(
        _ index: Int, to call: ChatMessage.ToolCall
    ) -> Delta.ToolCall? {
        if index < message.toolCalls.count {
            let more = Self.grow(&message.toolCalls[index].arguments, to: call.arguments)
            return more.isEmpty ? nil : Delta.ToolCall(index: index, arguments: more)
        }
        var call = call
        if call.id.isEmpty { call.id = AnswerHead.freshID("call_") }
        message.toolCalls.append(call)
        return Delta.ToolCall(
            index: message.toolCalls.count - 1, id: call.id, name: call.name,
            arguments: call.arguments)
    }

    /// Makes `text` what it has become, and returns what was added at its end. Text that was told
    /// cannot be taken back.
    private static func grow(_ text: inout String, to newer: String) -> String {
        guard newer.utf8.count > text.utf8.count, newer.utf8.starts(with: text.utf8) else {
            return ""
        }
        let added = String(newer.utf8.dropFirst(text.utf8.count)) ?? ""
        text = newer
        return added
    }
}
