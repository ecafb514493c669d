internal import GatewayCore
internal import ServingModel
internal import ServingRuntime

/// Answers of `POST /v1/completions`.
struct CompletionFormat: AnswerFormat {
    private let head: AnswerHead
    private let includesUsage: Bool
    private let probabilities: Probabilities?
    /// What goes before each answer until it was sent.
    private var echoes: [String]
    /// Where the next token of each answer stands in its text.
    private var offsets: [Int]

    init(_ request: CompletionRequest, _ running: RunningText) {
        head = AnswerHead("cmpl-", model: request.model, tier: request.tier)
        includesUsage = request.includesUsage
        probabilities = request.call.alternatives == nil ? nil : Probabilities()
        echoes = (0..<running.count).map { index in
            request.echoes ? Self.text(of: index / running.choices, request, running) : ""
        }
        offsets = Array(repeating: 0, count: running.count)
    }

    /// A prompt as text.
    private static func text(
        of index: Int, _ request: CompletionRequest, _ running: RunningText
    ) -> String {
        if case .text(let text) = request.call.prompts[index] { return text }
        return running.handle.text(of: running.prompts[index])
    }

    // MARK: As it grows

    mutating func open(_ events: inout EventText) {}

    mutating func add(_ step: RunningText.Step, _ events: inout EventText) {
        let text = echoes[step.answer] + step.update.text
        echoes[step.answer] = ""
        guard !text.isEmpty || !step.update.tokens.isEmpty || step.update.end != nil else { return }
        let chunk = JSONWriter.object { writer in
            head.write("text_completion", to: &writer)
            writer.array("choices", CollectionOfOne(step)) { writer, step in
                write(
                    step.answer, text, step.update.tokens, step.update.end?.finishReason,
                    to: &writer)
            }
            if includesUsage { writer.member("usage", nil as String?) }
        }
        events.add(chunk)
    }

    mutating func close(_ usage: TextUsage, _ events: inout EventText) {
        if includesUsage {
            events.add(
                .object { writer in
                    head.write("text_completion", to: &writer)
                    writer.array("choices", EmptyCollection<Int>()) { $0.value($1) }
                    writer.usage(usage)
                })
        }
        events.addDone()
    }

    mutating func fail(_ problem: RequestProblem, _ events: inout EventText) {
        events.add(problem.body)
    }

    // MARK: As a whole

    mutating func whole(_ answers: [TextAnswer], _ usage: TextUsage) -> JSONWriter {
        .object { writer in
            head.write("text_completion", to: &writer)
            writer.array("choices", answers.enumerated()) { writer, entry in
                write(
                    entry.offset, echoes[entry.offset] + entry.element.text, entry.element.tokens,
                    entry.element.end?.finishReason, to: &writer)
            }
            writer.usage(usage)
        }
    }

    private mutating func write(
        _ index: Int, _ text: String, _ tokens: [GeneratedToken], _ finish: String?,
        to writer: inout JSONWriter
    ) {
        writer.object { writer in
            writer.member("index", index)
            writer.member("text", text)
            if let probabilities {
                probabilities.writeCompletion(tokens, offset: &offsets[index], to: &writer)
            } else {
                writer.member("logprobs", nil as String?)
            }
            writer.member("finish_reason", finish)
        }
    }
}
