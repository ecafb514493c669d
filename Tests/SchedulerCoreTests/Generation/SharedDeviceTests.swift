internal import ControlCore
internal import SchedulerCore
internal import SchedulerTesting
internal import ServingModel
internal import Simulator
internal import Testing

/// A language model and a model that embeds texts on one device.
@Suite("Steps and batches on one device", .tags(.simulation))
struct SharedDeviceTests {
    @Test("Both keep their promises where there is time for both, in steady and in random traffic")
    func promises() throws {
        try forEachSeed(count: 4) { random in
            var run = SharedRun(random)
            try run.run()
            try require(run.batchesInTime == run.batchRequests, "\(run.text)")
            try require(Double(run.tokensInTime) >= 0.995 * Double(run.tokens), "\(run.text)")
            try require(run.firstInTime == run.firstTokens, "\(run.text)")
        }
    }

    @Test("In overload of both, both are served, and every request ends")
    func overload() throws {
        try forEachSeed(count: 2) { random in
            var run = SharedRun(random)
            run.batchGap = 0.12
            run.textGap = 15
            try run.run()
            try require(run.batchesInTime * 10 > run.batchRequests, "\(run.text)")
            try require(run.firstInTime * 10 > run.firstTokens, "\(run.text)")
        }
    }
}

/// Two seconds of virtual time: texts of about 100 + 40 tokens, embeddings with 150 ms of patience.
struct SharedRun: ~Copyable {
    /// Milliseconds between texts and between embeddings.
    var textGap = 60.0
    var batchGap = 0.5
    private(set) var batchRequests = 0
    private(set) var batchesInTime = 0
    private(set) var tokens = 0
    private(set) var tokensInTime = 0
    private(set) var firstTokens = 0
    private(set) var firstInTime = 0

    private var random: Seeded
    private var device: SharedDevice
    private var actions = SharedDeviceActions()
    private var now = Instant.origin
    private var nextText = Instant.origin
    private var nextBatch = Instant.origin
    private var step: (items: [StepItem], end: Instant)?
    private var batch: (ids: [RequestID], end: Instant)?
    private var texts: [RequestID: (due: Instant, left: Int, made: Int, isLate: Bool)] = [:]
    private var deadlines: [RequestID: Instant] = [:]
    private var ids: UInt64 = 0

    private static let cost = StepCostModel(base: 6, perToken: 0.02, perKeyValueToken: 4e-5)
    private static let latency = LatencyModel(base: 4, perRow: 0.2)
    private static let perToken = Interval.milliseconds(40)
    private static let last = Instant(nanoseconds: 2_000_000_000)

    init(_ random: Seeded) {
        self.random = random
        var generation = GenerationConfiguration(
            slots: 64, keyValueTokens: 100_000, maxContext: 4_096, cost: Self.cost)
        generation.policy = .slackAware
        let embedding = SchedulerConfiguration(maxBatchRows: 256, latency: Self.latency)
        device = SharedDevice(generation: generation, batches: [embedding])
    }

    var text: String {
        "embeddings \(batchesInTime) of \(batchRequests), tokens \(tokensInTime) of \(tokens), "
            + "first tokens \(firstInTime) of \(firstTokens)"
    }

    mutating func run() throws {
        send(.deviceReady)
        var events = 0
        while let event = next() {
            events += 1
            try require(events < 1_000_000, "the run does not end: \(text)")
            send(event)
        }
        try require(texts.isEmpty && deadlines.isEmpty, "\(texts.count) texts never ended")
    }

    /// What happens next; moves the clock there.
    private mutating func next() -> SharedDeviceEvent? {
        let wakeup = device.nextWakeup ?? .distantFuture
        let end = step?.end ?? batch?.end ?? .distantFuture
        let arrival = min(nextText, nextBatch)
        let first = min(end, min(wakeup, arrival < Self.last ? arrival : .distantFuture))
        guard first != .distantFuture else { return nil }
        now = max(now, first)
        if first == end { return comeBack() }
        if first == wakeup { return .timerFired }
        return first == nextText ? newText() : newEmbedding()
    }

    private mutating func newText() -> SharedDeviceEvent {
        nextText = now + Interval(milliseconds: random.exponential(mean: textGap))
        ids += 1
        firstTokens += 1
        texts[RequestID(ids)] = (
            now + .milliseconds(500), 1 + Int(random.exponential(mean: 40)), 0, false
        )
        return .generation(
            .arrived(
                GenerationArrival(
                    id: RequestID(ids), promptTokens: 1 + Int(random.exponential(mean: 100)),
                    maxNewTokens: 1_000, firstTokenDeadline: now + .milliseconds(500),
                    perToken: Self.perToken)))
    }

    private mutating func newEmbedding() -> SharedDeviceEvent {
        nextBatch = now + Interval(milliseconds: random.exponential(mean: batchGap))
        ids += 1
        batchRequests += 1
        let deadline = now + .milliseconds(150)
        deadlines[RequestID(ids)] = deadline
        return .batch(
            ModelIndex(0),
            .arrived(
                Arrival(id: RequestID(ids), priorityClass: ClassIndex(0), deadline: deadline)))
    }

    private mutating func comeBack() -> SharedDeviceEvent {
        if let batch {
            for id in batch.ids where deadlines.removeValue(forKey: id).map({ now <= $0 }) == true {
                batchesInTime += 1
            }
            self.batch = nil
            return .batch(ModelIndex(0), .completed(InstanceID(0), .success))
        }
        for item in step?.items ?? [] where item.producesToken { produce(item.request) }
        step = nil
        return .generation(.stepped(.success))
    }

    private mutating func produce(_ id: RequestID) {
        guard var text = texts[id] else { return }
        tokens += 1
        if now <= text.due { tokensInTime += 1 }
        if text.made == 0 {
            if now <= text.due { firstInTime += 1 }
            text.due = now
        }
        text.made += 1
        text.due = text.due + Self.perToken
        text.left -= 1
        texts[id] = text.left > 0 ? text : nil
        if text.left == 0 { send(.generation(.finished(id))) }
    }

    private mutating func send(_ event: SharedDeviceEvent) {
        actions.removeAll()
        device.handle(event, at: now, into: &actions)
        // Checking takes as long as there are requests: not at each of the many arrivals.
        if ids % 16 == 0 { device.checkInvariants() }
        for action in actions.generation.actions {
            switch action {
            case .step(let plan):
                let mean = Self.cost.mean(
                    tokens: plan.decodes + plan.prefillTokens,
                    keyValueTokens: plan.keyValueTokens)
                let took = Interval(milliseconds: mean * random.uniform(0.95, 1.05))
                step = (Array(actions.generation.items(of: plan)), now + took)
            case .reject(let id, _, _): texts[id] = nil
            default: break
            }
        }
        for case .model(_, let action) in actions.batches.actions {
            switch action {
            case .launch(let launch):
                let mean = 4 + 0.2 * Double(launch.rows)
                let took = Interval(milliseconds: mean * random.uniform(0.95, 1.05))
                batch = (Array(actions.batches.members(of: launch)), now + took)
            case .reject(let id, _, _), .cancelled(let id): deadlines[id] = nil
            }
        }
    }
}
