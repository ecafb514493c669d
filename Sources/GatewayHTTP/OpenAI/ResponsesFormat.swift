internal import EngineAPI
internal import GatewayCore
internal import ServingModel
internal import ServingRuntime

/// Answers of `POST /v1/responses`: a list of items, which are a message or calls of tools; as a stream,
/// events with a type and a number for each thing that happens to an item.
struct ResponsesFormat: AnswerFormat {
    /// How far the answer is.
    private enum Status: String {
        case working = "in_progress"
        case done = "completed"
        case cut = "incomplete"
        case failed
    }

    private let head: AnswerHead
    private let fields: RequestFields
    private let probabilities: Probabilities?
    private var reader: ChatReader
    private var items: [ResponseItem] = []
    private var end: GenerationEnd?
    private var number = 0

    init(_ request: ResponsesRequest, _ running: RunningText) {
        head = AnswerHead("resp_", model: request.model, tier: request.tier)
        fields = request.fields
        let model = running.handle.generator.model
        probabilities = request.call.alternatives == nil ? nil : Probabilities()
        reader = ChatReader(
            model: model, prompt: running.chat, offersTools: request.offersTools)
    }

    // MARK: As it grows

    mutating func open(_ events: inout EventText) {
        send("response.created", &events) { $0.write(.working, to: &$1) }
        send("response.in_progress", &events) { $0.write(.working, to: &$1) }
    }

    mutating func add(_ step: RunningText.Step, _ events: inout EventText) {
        end = step.update.end ?? end
        let delta = reader.read(step.update.text, end)
        if !delta.content.isEmpty || !step.update.tokens.isEmpty {
            let index = begin(where: { $0.isMessage }, .message(), &events)
            items[index].text += delta.content
            items[index].tokens += step.update.tokens
            send("response.output_text.delta", &events) { format, writer in
                format.place(index, to: &writer)
                writer.member("delta", delta.content)
                format.write(step.update.tokens, to: &writer)
            }
        }
        for call in delta.toolCalls { add(call, &events) }
    }

    private mutating func add(_ call: ChatReader.Delta.ToolCall, _ events: inout EventText) {
        let known = reader.message.toolCalls[call.index]
        let index = begin(
            where: { $0.callID == known.id }, .call(id: known.id, name: known.name), &events)
        items[index].text += call.arguments
        send("response.function_call_arguments.delta", &events) { format, writer in
            format.place(index, to: &writer)
            writer.member("delta", call.arguments)
        }
    }

    /// The index of an item that grows, which begins now if it has not yet.
    private mutating func begin(
        where matches: (ResponseItem) -> Bool, _ item: ResponseItem, _ events: inout EventText
    ) -> Int {
        if let index = items.firstIndex(where: matches) { return index }
        items.append(item)
        let index = items.count - 1
        send("response.output_item.added", &events) { format, writer in
            writer.member("output_index", index)
            writer.member("item") { format.items[index].write(isWhole: false, nil, to: &$0) }
        }
        guard item.isMessage else { return index }
        send("response.content_part.added", &events) { format, writer in
            format.place(index, to: &writer)
            writer.member("part") { format.items[index].writePart(isWhole: false, nil, to: &$0) }
        }
        return index
    }

    mutating func close(_ usage: TextUsage, _ events: inout EventText) {
        // A model that says nothing has still given an answer.
        if items.isEmpty { _ = begin(where: { _ in false }, .message(), &events) }
        for index in items.indices { finish(index, &events) }
        let status: Status = end?.isWhole == false ? .cut : .done
        send("response.\(status.rawValue)", &events) { $0.write(status, usage, to: &$1) }
    }

    private mutating func finish(_ index: Int, _ events: inout EventText) {
        let item = items[index]
        send(
            item.isMessage
                ? "response.output_text.done" : "response.function_call_arguments.done", &events
        ) { format, writer in
            format.place(index, to: &writer)
            if item.isMessage {
                writer.member("text", item.text)
                format.write(item.tokens, to: &writer)
            } else {
                writer.member("name", item.name)
                writer.member("arguments", item.text)
            }
        }
        if item.isMessage {
            send("response.content_part.done", &events) { format, writer in
                format.place(index, to: &writer)
                writer.member("part") {
                    item.writePart(isWhole: true, format.probabilities, to: &$0)
                }
            }
        }
        send("response.output_item.done", &events) { format, writer in
            writer.member("output_index", index)
            writer.member("item") { item.write(isWhole: true, format.probabilities, to: &$0) }
        }
    }

    mutating func fail(_ problem: RequestProblem, _ events: inout EventText) {
        send("response.failed", &events) { format, writer in
            format.write(.failed, nil, problem, to: &writer)
        }
        send("error", &events) { _, writer in
            writer.member("code", problem.code ?? problem.error.code.description)
            writer.member("message", problem.error.message)
            writer.member("param", problem.param)
        }
    }

    /// Adds an event, which carries its type and number besides what `body` writes.
    private mutating func send(
        _ type: String, _ events: inout EventText,
        _ body: (ResponsesFormat, inout JSONWriter) -> Void
    ) {
        let event = JSONWriter.object { writer in
            writer.member("type", type)
            writer.member("sequence_number", number)
            body(self, &writer)
        }
        events.add(event, named: type)
        number += 1
    }

    private func place(_ index: Int, to writer: inout JSONWriter) {
        writer.member("item_id", items[index].id)
        writer.member("output_index", index)
        if items[index].isMessage { writer.member("content_index", 0) }
    }

    private func write(_ tokens: [GeneratedToken], to writer: inout JSONWriter) {
        writer.array("logprobs", probabilities == nil ? [] : tokens) { writer, token in
            probabilities?.write(token, to: &writer)
        }
    }

    // MARK: As a whole

    mutating func whole(_ answers: [TextAnswer], _ usage: TextUsage) -> JSONWriter {
        end = answers.first?.end
        _ = reader.read(answers.first?.text ?? "", end)
        let message = reader.message
        if !message.content.isEmpty || message.toolCalls.isEmpty {
            var item = ResponseItem.message()
            item.text = message.content
            item.tokens = answers.first?.tokens ?? []
            items.append(item)
        }
        for call in message.toolCalls {
            var item = ResponseItem.call(id: call.id, name: call.name)
            item.text = call.arguments
            items.append(item)
        }
        return .object { writeMembers(end?.isWhole == false ? .cut : .done, usage, nil, to: &$0) }
    }

    private func write(
        _ status: Status, _ usage: TextUsage? = nil, _ problem: RequestProblem? = nil,
        to writer: inout JSONWriter
    ) {
        writer.object("response") { writeMembers(status, usage, problem, to: &$0) }
    }

    private func writeMembers(
        _ status: Status, _ usage: TextUsage?, _ problem: RequestProblem?,
        to writer: inout JSONWriter
    ) {
        writer.member("id", head.id)
        writer.member("object", "response")
        writer.member("created_at", head.created)
        writer.member("status", status.rawValue)
        writer.member("model", head.model)
        if let tier = head.tier { writer.member("service_tier", tier.rawValue) }
        writer.member("error") { writer in
            guard let problem else { return writer.value(nil as String?) }
            writer.object { writer in
                writer.member("code", problem.code ?? problem.error.code.description)
                writer.member("message", problem.error.message)
            }
        }
        writer.member("incomplete_details") { writer in
            guard status == .cut else { return writer.value(nil as String?) }
            writer.object { $0.member("reason", "max_output_tokens") }
        }
        let shown = status == .done || status == .cut ? items : []
        writer.array("output", shown) { writer, item in
            item.write(isWhole: true, probabilities, to: &writer)
        }
        writeEcho(to: &writer)
        writer.member("usage") { writer in
            guard let usage else { return writer.value(nil as String?) }
            Self.write(usage, to: &writer)
        }
    }

    /// The client's library wants what it asked for to be there, with its defaults.
    private func writeEcho(to writer: inout JSONWriter) {
        writer.member("instructions", fields["instructions"] ?? .null)
        writer.member("max_output_tokens", fields["max_output_tokens"] ?? .null)
        writer.member("metadata", fields["metadata"] ?? .object([]))
        writer.member("parallel_tool_calls", fields["parallel_tool_calls"] ?? .boolean(true))
        writer.member("previous_response_id", nil as String?)
        writer.member("store", false)
        writer.member("temperature", fields["temperature"] ?? .number("1.0"))
        writer.member("top_p", fields["top_p"] ?? .number("1.0"))
        let text = JSONValue.object([.init("format", .object([.init("type", .string("text"))]))])
        writer.member("text", fields["text"] ?? text)
        writer.member("tool_choice", fields["tool_choice"] ?? .string("auto"))
        writer.member("tools", fields["tools"] ?? .array([]))
        writer.member("truncation", "disabled")
        writer.member("user", fields["user"] ?? .null)
    }

    private static func write(_ usage: TextUsage, to writer: inout JSONWriter) {
        writer.object { writer in
            writer.member("input_tokens", usage.promptTokens)
            writer.object("input_tokens_details") {
                $0.member("cached_tokens", usage.cachedTokens)
            }
            writer.member("output_tokens", usage.generatedTokens)
            writer.object("output_tokens_details") { $0.member("reasoning_tokens", 0) }
            writer.member("total_tokens", usage.promptTokens + usage.generatedTokens)
        }
    }
}
