import ControlCore
import SchedulerCore
import ServingModel
import ServingRuntime
import Testing

@Suite("The runtime and the bare core", .serialized, .timeLimit(.minutes(5)))
struct EquivalenceTests {
    @Test(
        "The same trace gives the same actions in the runtime and in the bare core",
        arguments: 0..<80)
    func sameActions(seed: Int) async throws {
        var random = SeededGenerator(seed: seed)
        let instances = Int.random(in: 1...3, using: &random)
        let limits = [6, 40, 16_384]
        let maxQueued = limits.randomElement(using: &random) ?? 6
        let harness = try await Harness.start(instances: instances, maxBatchSize: 24, isOpen: true)
        {
            $0.maxQueuedRequests = maxQueued
        }
        harness.model.close()
        var twins = Twins(
            harness, BareCore(instances: instances, maxQueued: maxQueued, at: harness.clock.present)
        )
        for step in 0..<120 {
            await twins.step(&random)
            let differences = twins.differences()
            guard differences.isEmpty else {
                Issue.record("seed \(seed), step \(step): \(differences)")
                break
            }
        }
        harness.model.open()
        await harness.served.stop()
    }
}

/// The core on its own, as the simulator drives it.
struct BareCore: ~Copyable {
    /// What was decided, with requests called by their tags.
    struct Decisions: Equatable {
        var launches: [Launched] = []
        var endings: [Int: ServingError.Code] = [:]
    }

    /// One launch.
    struct Launched: Equatable {
        var instance: Int
        var tags: [Int]
        var rows: Int
    }

    private var scheduler: Scheduler
    private var buffer = ActionBuffer()
    private(set) var decisions = Decisions()
    /// Instances that run, with the requests on board.
    private(set) var running: [Int: [Int]] = [:]

    init(instances: Int, maxQueued: Int, at now: Instant) {
        var configuration = SchedulerConfiguration(
            classes: Harness.classes, instances: instances, maxBatchRows: 24,
            latency: Harness.latency)
        configuration.maxQueuedRequests = maxQueued
        configuration.fastFail = .tail
        scheduler = Scheduler(configuration)
        for index in 0..<instances { handle(.instanceReady(InstanceID(index)), at: now) }
    }

    mutating func handle(_ event: Event, at now: Instant) {
        buffer.removeAll()
        scheduler.handle(event, at: now, into: &buffer)
        // Between arrivals of one instant an idle instance may stand beside a queue.
        if case .arrived(let arrival) = event, arrival.isFollowed {
        } else {
            scheduler.checkInvariants()
        }
        for action in buffer.actions {
            switch action {
            case .launch(let launch):
                let tags = buffer.members(of: launch).map { Int($0.rawValue) }
                decisions.launches.append(
                    Launched(instance: launch.instance.rawValue, tags: tags, rows: launch.rows))
                running[launch.instance.rawValue] = tags
            case .reject(let id, let reason, _):
                decisions.endings[Int(id.rawValue)] = Self.code(of: reason)
            case .cancelled(let id):
                decisions.endings[Int(id.rawValue)] = .cancelled
            }
        }
    }

    mutating func complete(_ instance: Int, at now: Instant) {
        running[instance] = nil
        handle(.completed(InstanceID(instance), .success), at: now)
    }

    var nextWakeup: Instant? { scheduler.nextWakeup }

    var queued: [Int] {
        [scheduler.queuedRequests, scheduler.queuedRows, scheduler.queuedBytes]
            + Harness.classes.indices.map { scheduler.queuedRequests(of: ClassIndex($0)) }
    }

    var predictions: [Interval] {
        [scheduler.latency.latency(rows: 1), scheduler.latency.latency(rows: 24)]
    }

    private static func code(of reason: RejectReason) -> ServingError.Code {
        switch reason {
        case .deadlineUnreachable, .deadlineMissed: .deadlineExceeded
        case .queueFull, .displaced: .overloaded
        case .draining, .noInstance: .notReady
        case .superseded: .cancelled
        case .quotaExceeded: .quotaExceeded
        case .memoryExceeded: .payloadTooLarge
        }
    }
}

/// One trace, played to both.
struct Twins: ~Copyable {
    private let harness: Harness
    private var core: BareCore
    private var requests: [InferenceRequest] = []
    private var answered = 0

    init(_ harness: Harness, _ core: consuming BareCore) {
        self.harness = harness
        self.core = core
    }

    /// One random event, and the time before it.
    mutating func step(_ random: inout SeededGenerator) async {
        harness.clock.advance(by: .microseconds(UInt64.random(in: 0...900, using: &random)))
        let now = harness.clock.present
        if let pending = harness.timer.pending, pending <= now {
            harness.timer.fire(at: now)
            core.handle(.timerFired, at: now)
        }
        switch Int.random(in: 0..<100, using: &random) {
        case 0..<60: arrive(&random, at: now)
        case 60..<70: cancel(&random, at: now)
        default: await complete(&random, at: now)
        }
        // An idle instance begins what it was given on its own thread.
        await harness.model.hasBegun(core.decisions.launches.count)
    }

    private mutating func arrive(_ random: inout SeededGenerator, at now: Instant) {
        let count = Int.random(in: 1...4, using: &random)
        var group: [InferenceRequest] = []
        for index in 0..<count {
            var order = Order(
                tag: requests.count + index,
                payloads: Array(repeating: 1, count: Int.random(in: 1...5, using: &random)),
                length: Int.random(in: 2...3, using: &random),
                priorityClass: Int.random(in: 0...1, using: &random))
            if random.chance(percent: 80) {
                order.deadline =
                    now + .microseconds(UInt64.random(in: 1_000...15_000, using: &random))
            }
            group.append(order.request(to: harness.sink, isOpen: true))
            core.handle(
                .arrived(
                    Arrival(
                        id: RequestID(UInt64(order.tag)),
                        priorityClass: ClassIndex(order.priorityClass), deadline: order.deadline,
                        rows: order.payloads.count,
                        bytes: order.payloads.count * order.length * 4,
                        shape: ShapeID(UInt64(order.length)), isFollowed: index < count - 1)),
                at: now)
        }
        requests += group
        harness.served.submit(group)
    }

    private mutating func cancel(_ random: inout SeededGenerator, at now: Instant) {
        guard let victim = requests.indices.randomElement(using: &random) else { return }
        core.handle(.cancelled(RequestID(UInt64(victim))), at: now)
        harness.served.cancel(requests[victim])
    }

    private mutating func complete(_ random: inout SeededGenerator, at now: Instant) async {
        let busy = core.running.keys.sorted()
        guard let instance = busy.randomElement(using: &random) else { return }
        answered += core.running[instance]?.count ?? 0
        core.complete(instance, at: now)
        harness.model.letThrough(instance)
        await harness.sink.hasEnded(answered + core.decisions.endings.count)
    }

    /// What the two disagree on.
    func differences() -> [String] {
        var differences: [String] = []
        func compare<Value: Equatable>(_ what: String, _ runtime: Value, _ core: Value) {
            if runtime != core { differences.append("\(what): \(runtime), core \(core)") }
        }
        let runs = harness.model.stage.value.runs
        let instances = Set(runs.map(\.instance) + core.decisions.launches.map(\.instance))
        for instance in instances.sorted() {
            // Threads of different instances begin in any order; each one's own order is fixed.
            compare(
                "launches on \(instance)",
                runs.filter { $0.instance == instance }.map {
                    BareCore.Launched(instance: instance, tags: $0.tags, rows: $0.rows)
                },
                core.decisions.launches.filter { $0.instance == instance })
        }
        var endings: [Int: ServingError.Code] = [:]
        for ending in harness.sink.endings { endings[ending.order.tag] = ending.error?.code }
        compare("endings", endings, core.decisions.endings)
        let load = harness.served.load
        compare(
            "queues",
            [load.queuedRequests, load.queuedRows, load.queuedBytes] + load.queuedByClass,
            core.queued)
        compare("predictions", [load.predictedSingle, load.predictedFull], core.predictions)
        if let wakeup = core.nextWakeup {
            compare("timer", (harness.timer.pending ?? .distantFuture) <= wakeup, true)
        }
        return differences
    }
}
