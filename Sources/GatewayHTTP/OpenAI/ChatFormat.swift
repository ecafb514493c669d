internal import EngineAPI
internal import GatewayCore
internal import ServingModel
internal import ServingRuntime

/// Answers of `POST /v1/chat/completions`.
struct ChatFormat: AnswerFormat {
    private let head: AnswerHead
    private let includesUsage: Bool
    private let probabilities: Probabilities?
    private var readers: [ChatReader]
    private var opened: [Bool]

    init(_ request: ChatRequest, _ running: RunningText) {
        head = AnswerHead("chatcmpl-", model: request.model, tier: request.tier)
        includesUsage = request.includesUsage
        let model = running.handle.generator.model
        probabilities = request.call.alternatives == nil ? nil : Probabilities()
        let reader = ChatReader(
            model: model, prompt: running.chat, offersTools: request.offersTools)
        readers = Array(repeating: reader, count: running.count)
        opened = Array(repeating: false, count: running.count)
    }

    // MARK: As it grows

    mutating func open(_ events: inout EventText) {}

    mutating func add(_ step: RunningText.Step, _ events: inout EventText) {
        let index = step.answer
        if !opened[index] {
            opened[index] = true
            chunk(index, &events) { writer in
                writer.member("role", "assistant")
                writer.member("content", "")
            }
        }
        let delta = readers[index].read(step.update.text, step.update.end)
        if !delta.isEmpty || !step.update.tokens.isEmpty {
            chunk(index, tokens: step.update.tokens, &events) { writer in
                Self.write(delta, to: &writer)
            }
        }
        if let end = step.update.end {
            chunk(index, finish: finishReason(index, end), &events) { _ in }
        }
    }

    mutating func close(_ usage: TextUsage, _ events: inout EventText) {
        if includesUsage {
            events.add(
                .object { writer in
                    head.write("chat.completion.chunk", to: &writer)
                    writer.array("choices", EmptyCollection<Int>()) { $0.value($1) }
                    writer.usage(usage)
                })
        }
        events.addDone()
    }

    mutating func fail(_ problem: RequestProblem, _ events: inout EventText) {
        events.add(problem.body)
    }

    private func chunk(
        _ index: Int, tokens: [GeneratedToken] = [], finish: String? = nil,
        _ events: inout EventText, _ delta: (inout JSONWriter) -> Void
    ) {
        events.add(
            .object { writer in
                head.write("chat.completion.chunk", to: &writer)
                writer.array("choices", CollectionOfOne(index)) { writer, index in
                    writer.object { writer in
                        writer.member("index", index)
                        writer.object("delta", delta)
                        write(tokens, to: &writer)
                        writer.member("finish_reason", finish)
                    }
                }
                if includesUsage { writer.member("usage", nil as String?) }
            })
    }

    private static func write(_ delta: ChatReader.Delta, to writer: inout JSONWriter) {
        if !delta.reasoning.isEmpty { writer.member("reasoning_content", delta.reasoning) }
        if !delta.content.isEmpty { writer.member("content", delta.content) }
        guard !delta.toolCalls.isEmpty else { return }
        writer.array("tool_calls", delta.toolCalls) { writer, call in
            writer.object { writer in
                writer.member("index", call.index)
                if let id = call.id {
                    writer.member("id", id)
                    writer.member("type", "function")
                }
                writer.object("function") { writer in
                    if let name = call.name { writer.member("name", name) }
                    writer.member("arguments", call.arguments)
                }
            }
        }
    }

    // MARK: As a whole

    mutating func whole(_ answers: [TextAnswer], _ usage: TextUsage) -> JSONWriter {
        for (index, answer) in answers.enumerated() {
            _ = readers[index].read(answer.text, answer.end)
        }
        return .object { writer in
            head.write("chat.completion", to: &writer)
            writer.array("choices", answers.enumerated()) { writer, entry in
                writer.object { writer in
                    writer.member("index", entry.offset)
                    writer.object("message") { writer in
                        Self.write(readers[entry.offset].message, to: &writer)
                    }
                    write(entry.element.tokens, to: &writer)
                    writer.member(
                        "finish_reason", entry.element.end.map { finishReason(entry.offset, $0) })
                }
            }
            writer.usage(usage)
        }
    }

    private static func write(_ message: ChatMessage, to writer: inout JSONWriter) {
        writer.member("role", "assistant")
        let isCall = !message.toolCalls.isEmpty && message.content.isEmpty
        writer.member("content", isCall ? nil : message.content)
        writer.member("refusal", nil as String?)
        if !message.reasoning.isEmpty { writer.member("reasoning_content", message.reasoning) }
        guard !message.toolCalls.isEmpty else { return }
        writer.array("tool_calls", message.toolCalls) { writer, call in
            writer.object { writer in
                writer.member("id", call.id)
                writer.member("type", "function")
                writer.object("function") { writer in
                    writer.member("name", call.name)
                    writer.member("arguments", call.arguments)
                }
            }
        }
    }

    // MARK: Both

    private func write(_ tokens: [GeneratedToken], to writer: inout JSONWriter) {
        if let probabilities, !tokens.isEmpty {
            probabilities.writeChat(tokens, to: &writer)
        } else {
            writer.member("logprobs", nil as String?)
        }
    }

    private func finishReason(_ index: Int, _ end: GenerationEnd) -> String {
        guard case .stop = end.reason, !readers[index].message.toolCalls.isEmpty else {
            return end.finishReason
        }
        return "tool_calls"
    }
}

extension GenerationEnd {
    /// Whether the model said all it wanted to.
    var isWhole: Bool { if case .stop = reason { true } else { false } }
}
