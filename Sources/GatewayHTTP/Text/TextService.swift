internal import GatewayCore
internal import HTTPTypes
internal import Hummingbird
internal import NIOCore
internal import ServingModel
internal import ServingRuntime

/// Answers calls for text, whatever the protocol: starts them, watches the client, and has the answers
/// written by the protocol's format.
struct TextService: Sendable {
    let catalog: ModelCatalog
    let departures = Departures()
    private let ledger: ConnectionLedger
    private let clock = MonotonicClock()

    /// A service for the generators of `catalog`, that keeps to the answers which `ledger` has places for.
    init(catalog: ModelCatalog, ledger: ConnectionLedger) {
        self.catalog = catalog
        self.ledger = ledger
    }

    /// The generator of that name.
    func find(_ name: String, version: Int? = nil) throws(RequestProblem) -> GeneratorHandle {
        try RequestProblem.ofModel { () throws(ServingError) in
            try catalog.findGenerator(name, version: version)
        }
    }

    /// Answers a call.
    ///
    /// - Parameters:
    ///   - streams: Whether the answers are sent as they grow.
    ///   - format: Makes the protocol's format once the call has started.
    /// - Throws: ``RequestProblem`` for what is wrong with the call; ``ServingError`` when the model
    ///   refuses it before its first token.
    func answer(
        _ call: TextCall, by handle: GeneratorHandle, streams: Bool, _ context: GatewayContext,
        _ format: (RunningText) -> some AnswerFormat
    ) async throws -> Response {
        var call = call
        call.label = context.label
        guard let place = ledger.takeStream() else {
            throw RequestProblem(
                ServingError(
                    .overloaded, "too many answers with generated text are under way",
                    retryAfter: .seconds(1)))
        }
        let running = try start(call, by: handle)
        let watch = departures.watch(context.channel) {
            running.cancel()
            withExtendedLifetime(place) {}
        }
        return streams
            ? try await stream(running, format(running), watch)
            : try await whole(running, format(running), watch)
    }

    private func start(
        _ call: TextCall, by handle: GeneratorHandle
    ) throws(RequestProblem) -> RunningText {
        do {
            return try call.start(on: handle, at: clock.now())
        } catch {
            throw RequestProblem(
                error.cause, code: error.isTooLong ? "context_length_exceeded" : nil)
        }
    }

    // MARK: Whole answers

    private func whole(
        _ running: RunningText, _ format: consuming some AnswerFormat, _ watch: DepartureWatch
    ) async throws -> Response {
        defer { withExtendedLifetime(watch) {} }
        var answers = Array(repeating: TextAnswer(), count: running.count)
        var usage = TextUsage(choices: running.choices)
        try await running.forEach { step in
            answers[step.answer].append(step.update)
            if let end = step.update.end { usage.add(end, answer: step.answer) }
        }
        var response = JSONAnswer.text(format.whole(answers, usage).bytes, "application/json")
        ServerTiming(queued: usage.queued, total: running.arrival.interval(to: clock.now()))
            .write(to: &response)
        return response
    }

    // MARK: Growing answers

    /// The head waits for the first piece: a call that is refused before it gets an error's status.
    private func stream(
        _ running: RunningText, _ format: consuming some AnswerFormat, _ watch: DepartureWatch
    ) async throws -> Response {
        let first = try await running.first()
        let format = format
        let body = ResponseBody { writer in
            defer { withExtendedLifetime(watch) {} }
            try await write(running, first, format, to: &writer)
            try await writer.finish(nil)
        }
        var response = Response(
            status: .ok,
            headers: [.contentType: EventText.contentType, .cacheControl: "no-cache"], body: body)
        ServerTiming(first: running.arrival.interval(to: clock.now())).write(to: &response)
        return response
    }

    @concurrent
    private func write(
        _ running: RunningText, _ first: GenerationUpdate, _ format: some AnswerFormat,
        to writer: inout any ResponseBodyWriter
    ) async throws {
        var format = format
        var events = EventText()
        var usage = TextUsage(choices: running.choices)
        format.open(&events)
        do {
            format.add(RunningText.Step(answer: 0, update: first), &events)
            if let end = first.end { usage.add(end, answer: 0) }
            try await writer.write(events.take())
            try await running.forEach(isFirstOver: first.end != nil) { step in
                format.add(step, &events)
                if let end = step.update.end { usage.add(end, answer: step.answer) }
                let bytes = events.take()
                if bytes.readableBytes > 0 { try await writer.write(bytes) }
            }
            format.close(usage, &events)
        } catch let error as ServingError {
            format.fail(RequestProblem(error), &events)
        }
        try await writer.write(events.take())
    }
}
