internal import CPlatform
internal import GatewayCore
internal import NIOCore
internal import ServingModel
internal import ServingRuntime
internal import Synchronization

/// What the connections of one event loop share: requests that came in during one turn of the loop,
/// and completions on their way back.
///
/// Requests read in one turn of the loop are handed to the scheduler together, when the turn is over:
/// they came in together, so they may ride together, and the lock is taken once. Answers are sent then,
/// too, one after the other: the code that sends stays in the core's cache, and a client of many
/// connections is woken once.
///
/// `@unchecked Sendable`: the guard of ``inbox`` is its lock; everything else is confined to the loop.
final class LoopContext: CompletionSink, @unchecked Sendable {
    let eventLoop: any EventLoop

    /// Composes the body of an answer.
    let bodyText = TextBuffer()

    /// Composes the head of an answer.
    let headText = TextBuffer(capacity: 1_024)

    /// What answers go out in.
    let answerBuffers = AnswerBuffers()

    /// Makes buffers for what is compressed.
    let allocator = ByteBufferAllocator()

    private var outgoing: [(model: ServedModel, requests: [InferenceRequest])] = []
    private var unsent: [WireHandler] = []
    private var isTurnEndScheduled = false
    private let inbox = Mutex<[Completion]>([])
    private var answerNumber: UInt64
    private let identity: UInt64
    private var connections: [ObjectIdentifier: InferHandler] = [:]
    /// What was read in requests lately, of this generation of the catalog.
    private var heads = Recent<KnownHead>(capacity: 4)
    private var layouts = Recent<KnownLayout>(capacity: 4)
    private var lastTarget: (bytes: [UInt8], model: ModelHandle)?
    private var knownGeneration = -1
    private var spare: Exchange?
    private var refusal: PreparedRefusal?
    /// Decides what is traced, if anything may be.
    private var sampler: TraceSampler?

    init(eventLoop: any EventLoop, traceRatio: Double? = nil) {
        self.eventLoop = eventLoop
        sampler = traceRatio.map { TraceSampler(ratio: $0) }
        var generator = SystemRandomNumberGenerator()
        identity = generator.next()
        answerNumber = 0
    }

    // MARK: Requests

    /// Hands a request to its model at the end of this turn of the loop, or sooner when a whole batch
    /// has come together.
    func submit(_ request: InferenceRequest, to model: ServedModel) {
        var gathered = 1
        if let index = outgoing.firstIndex(where: { $0.model === model }) {
            outgoing[index].requests.append(request)
            gathered = outgoing[index].requests.count
        } else {
            outgoing.append((model, [request]))
        }
        if gathered >= model.interface.maxBatchSize, gathered > 1 { return submitGathered() }
        scheduleTurnEnd()
    }

    /// Takes a request back whose client has gone away.
    func cancel(_ request: InferenceRequest, of model: ServedModel) {
        for index in outgoing.indices where outgoing[index].model === model {
            if let position = outgoing[index].requests.firstIndex(where: { $0 === request }) {
                outgoing[index].requests.remove(at: position)
                return
            }
        }
        model.cancel(request)
    }

    private func submitGathered() {
        let turn = outgoing
        outgoing.removeAll(keepingCapacity: true)
        for (model, requests) in turn where !requests.isEmpty { model.submit(requests) }
    }

    // MARK: The end of a turn

    /// Sends what a connection has written once everything that came in has been looked at.
    func flushLater(_ connection: WireHandler) {
        unsent.append(connection)
        scheduleTurnEnd()
    }

    private func scheduleTurnEnd() {
        guard !isTurnEndScheduled else { return }
        isTurnEndScheduled = true
        eventLoop.execute { [self] in endTurn() }
    }

    private func endTurn() {
        isTurnEndScheduled = false
        submitGathered()
        // By position: sending may close a connection, and what follows from that may write to others.
        var position = 0
        while position < unsent.count {
            unsent[position].flush()
            position += 1
        }
        unsent.removeAll(keepingCapacity: true)
    }

    // MARK: Exchanges

    /// An exchange for the next request that comes in.
    func takeExchange() -> Exchange {
        spare.take() ?? Exchange(.infer, isKeptAlive: true)
    }

    /// Takes an exchange back that no request needed.
    func putBack(_ exchange: Exchange) {
        exchange.forget()
        spare = exchange
    }

    /// The answer to a request that would be late, by the name that its client gave it, if any.
    func outOfReach(_ name: String) -> ByteBuffer {
        if refusal == nil { refusal = PreparedRefusal(.outOfReach, self) }
        return refusal?.answer(to: name, self) ?? ByteBuffer()
    }

    /// A name for a request whose client gave it none.
    func nextRequestID() -> UInt64 {
        answerNumber += 1
        return identity ^ (answerNumber &* 0x9E37_79B9_7F4A_7C15)
    }

    /// A request's place in a trace, if it is traced.
    func traceContext(_ parent: TraceParent?) -> TraceContext? {
        sampler?.context(parent)
    }

    // MARK: What is known

    /// The head of a request that begins with these bytes, if one like it was read lately.
    func knownHead(of bytes: UnsafeRawBufferPointer, in catalog: ModelCatalog) -> KnownHead? {
        forgetIfChanged(catalog)
        return heads.first { $0.begins(bytes) }
    }

    /// Remembers a head. What it was found to mean must have been found in this turn of the loop.
    func remember(_ head: KnownHead, in catalog: ModelCatalog) {
        forgetIfChanged(catalog)
        heads.insert(head)
    }

    /// Reads the body of a request for a model, or recognises it.
    func decode(
        _ body: InferBody, for model: ModelHandle
    ) throws(ServingError) -> DecodedInfer {
        if let known = layouts.first(where: { $0.describes(body, of: model) }) {
            return known.decode(body)
        }
        let decoded = try InferDecoder.decode(body, for: model.interface)
        if let layout = KnownLayout(body, decoded, for: model.interface, of: model) {
            layouts.insert(layout)
        }
        return decoded
    }

    /// What a JSON part asks for in quality of service, if one like it was read lately.
    func wish(in json: UnsafeRawBufferPointer, of model: ModelHandle) -> QualityOfService? {
        layouts.first { $0.describes(json, of: model) }?.wish
    }

    /// The model that a request target names. Connections of one client ask for the same model again
    /// and again, whatever else their heads say.
    func model(
        target: UnsafeRawBufferPointer, in catalog: ModelCatalog,
        _ find: () throws(ServingError) -> ModelHandle
    ) throws(ServingError) -> ModelHandle {
        forgetIfChanged(catalog)
        if let lastTarget, lastTarget.bytes.elementsEqual(target) { return lastTarget.model }
        lastTarget = nil
        let model = try find()
        lastTarget = (Array(target), model)
        return model
    }

    /// What was read names models that may have been replaced since.
    private func forgetIfChanged(_ catalog: ModelCatalog) {
        let generation = catalog.generation
        guard generation != knownGeneration else { return }
        knownGeneration = generation
        heads.removeAll()
        layouts.removeAll()
        lastTarget = nil
    }

    // MARK: Completions

    func complete(_ completions: [Completion]) {
        let wasEmpty = inbox.withLock { inbox in
            let wasEmpty = inbox.isEmpty
            inbox.append(contentsOf: completions)
            return wasEmpty
        }
        if wasEmpty { eventLoop.execute { [self] in deliver() } }
    }

    private func deliver() {
        let completions = inbox.withLock { inbox in
            let taken = inbox
            inbox = []
            return taken
        }
        // This is the end of a turn already.
        isTurnEndScheduled = true
        defer { endTurn() }
        for completion in completions {
            guard let exchange = completion.request.context as? Exchange else { continue }
            exchange.handler?.finish(exchange, completion.result)
        }
    }

    // MARK: Connections

    /// Watches a connection until it is forgotten.
    func watch(_ connection: InferHandler) {
        connections[ObjectIdentifier(connection)] = connection
    }

    /// Forgets a closed connection.
    func forget(_ connection: InferHandler) {
        connections[ObjectIdentifier(connection)] = nil
    }

    /// Checks every connection's time limits once a second.
    func startSweeping() {
        eventLoop.scheduleRepeatedTask(initialDelay: .seconds(1), delay: .seconds(1)) { [self] _ in
            let now = NIODeadline.now()
            for connection in Array(connections.values) { connection.sweep(at: now) }
        }
    }
}

/// One context for each event loop of a group.
final class LoopContexts: Sendable {
    private let contexts: Mutex<[ObjectIdentifier: LoopContext]>

    init(_ group: any EventLoopGroup, traceRatio: Double?) {
        var contexts: [ObjectIdentifier: LoopContext] = [:]
        for eventLoop in group.makeIterator() {
            let context = LoopContext(eventLoop: eventLoop, traceRatio: traceRatio)
            context.startSweeping()
            // A packet that comes while a batch runs on the same core can wait for the batch's turn to
            // end: what came meanwhile is then read together, and the batch is not interrupted for each.
            eventLoop.execute { headway_thread_gathers() }
            contexts[ObjectIdentifier(eventLoop)] = context
        }
        self.contexts = Mutex(contexts)
    }

    subscript(eventLoop: any EventLoop) -> LoopContext {
        contexts.withLock { contexts in
            if let context = contexts[ObjectIdentifier(eventLoop)] { return context }
            let context = LoopContext(eventLoop: eventLoop)
            contexts[ObjectIdentifier(eventLoop)] = context
            return context
        }
    }
}
