internal import GatewayCore
internal import ServingModel
internal import ServingRuntime

/// Answers of Triton's `generate` and `generate_stream`.
struct GenerateFormat: AnswerFormat {
    private let id: String?
    private let model: String
    private let version: Int
    /// What goes before the text until it was sent.
    private var echo: String

    init(_ request: GenerateRequest, _ running: RunningText) {
        id = request.id
        model = running.handle.name
        version = running.handle.version
        echo = request.echoes ? request.input : ""
    }

    mutating func open(_ events: inout EventText) {}

    mutating func add(_ step: RunningText.Step, _ events: inout EventText) {
        let text = echo + step.update.text
        echo = ""
        if !text.isEmpty || step.update.end != nil { events.add(body(text)) }
    }

    mutating func close(_ usage: TextUsage, _ events: inout EventText) {}

    mutating func fail(_ problem: RequestProblem, _ events: inout EventText) {
        events.add(.object { $0.member("error", problem.error.message) })
    }

    mutating func whole(_ answers: [TextAnswer], _ usage: TextUsage) -> JSONWriter {
        body(echo + (answers.first?.text ?? ""))
    }

    private func body(_ text: String) -> JSONWriter {
        .object { writer in
            if let id { writer.member("id", id) }
            writer.member("model_name", model)
            writer.member("model_version", "\(version)" as String)
            writer.member("text_output", text)
        }
    }
}
