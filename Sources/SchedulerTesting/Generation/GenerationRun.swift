internal import ControlCore
internal import SchedulerCore
internal import ServingModel
internal import Simulator
internal import TraceFormat

/// One run of a ``GenerationWorld``.
struct GenerationRun: ~Copyable {
    private let world: GenerationWorld
    private var scheduler: GenerationScheduler
    private var checker: GenerationChecker
    private var actions = GenerationActions()
    private var random: Seeded
    private(set) var outcome = GenerationWorld.Outcome()

    private var now = Instant.origin
    private var next = 0
    /// What each request that has not ended will produce yet.
    private var left: [RequestID: Int] = [:]
    /// The ids of ``left`` in order of arrival, for draws.
    private var present: [RequestID] = []
    private var flight: (plan: StepPlan, items: [StepItem], end: Instant)?
    private var isPresent = false
    private var returns = Instant.origin
    private var events = 0

    init(_ world: GenerationWorld) {
        self.world = world
        scheduler = GenerationScheduler(world.configuration)
        checker = GenerationChecker(world.configuration)
        random = world.random
    }

    private var isFriendly: Bool { next >= world.arrivals.count }

    mutating func run() throws {
        try send(.deviceReady)
        isPresent = true
        while let kind = nextKind() {
            events += 1
            try require(events < 200 * world.arrivals.count + 200_000, "the run does not end")
            switch kind {
            case .arrival: try arrive()
            case .step: try step()
            case .device: try restore()
            case .timer: try send(.timerFired)
            }
            if !isFriendly { try disturb() }
        }
        try checker.finish()
        try require(scheduler.running == 0 && scheduler.waiting == 0, "somebody is left")
        try require(
            scheduler.keyValueTokens == scheduler.cachedTokens, "slots hold memory at the end")
        outcome.end = now
        outcome.steps = checker.steps
        outcome.preempted = checker.preempted
        outcome.swapped = checker.swapped
        outcome.rejected = checker.rejected
        outcome.reusedTokens = checker.reusedTokens
    }

    private enum Kind {
        case arrival
        case step
        case device
        case timer
    }

    /// What happens next, and moves the clock there; `nil` at the end.
    private mutating func nextKind() -> Kind? {
        var kind: Kind?
        var at = Instant.distantFuture
        if let flight {
            kind = .step
            at = flight.end
        }
        if !isPresent, returns < at {
            kind = .device
            at = returns
        }
        if next < world.arrivals.count, world.arrivals[next].at < at {
            kind = .arrival
            at = world.arrivals[next].at
        }
        if let wakeup = scheduler.nextWakeup, wakeup < at {
            kind = .timer
            at = wakeup
        }
        now = max(now, at == .distantFuture ? now : at)
        return kind
    }

    // MARK: What happens

    private mutating func arrive() throws {
        let coming = world.arrivals[next]
        next += 1
        if world.drains, next == world.arrivals.count / 2 { try send(.draining) }
        left[coming.arrival.id] = coming.produces
        present.append(coming.arrival.id)
        try send(.arrived(coming.arrival))
    }

    private mutating func step() throws {
        guard let flight else { return }
        var result = StepResult.success
        if !isFriendly {
            if random.chance(world.failures) { result = .failure }
            if random.chance(world.shortages) { result = .outOfMemory }
            if world.lapses > 0, random.chance(world.lapses) {
                result = .failure
                let rider = flight.items[random.integer(in: 0...(flight.items.count - 1))]
                try send(.forgot(rider.request))
            }
        }
        // The step's own tokens are counted since it began.
        if checker.keyValueTokens > world.engineRoom { result = .outOfMemory }
        if result == .outOfMemory { outcome.shortages += 1 }
        if result == .success {
            for item in flight.items where item.producesToken {
                guard let rest = left[item.request] else { continue }
                left[item.request] = rest - 1
                if rest == 1 { try finish(item.request) }
            }
        }
        self.flight = nil
        try send(.stepped(result))
    }

    private mutating func finish(_ id: RequestID) throws {
        if world.namesAnswers, let chain = world.chain(of: id, unproduced: left[id] ?? 0) {
            try send(.grown(id, chain))
        }
        forget(id)
        outcome.finished += 1
        try send(.finished(id))
    }

    private mutating func restore() throws {
        isPresent = true
        try send(.deviceReady)
    }

    /// Things that go wrong, at any time.
    private mutating func disturb() throws {
        if random.chance(world.cancellations), let id = anybody() {
            try send(.cancelled(id))
            // A client may say so twice, and the last token may come in the same moment.
            if random.chance(0.2) { try send(.cancelled(id)) }
            if random.chance(0.2), left[id] != nil { try finish(id) }
        }
        if random.chance(world.failures / 4), let id = anybody() { try finish(id) }
        if world.lapses > 0, random.chance(world.lapses), let id = anybody(),
            flight?.items.contains(where: { $0.request == id }) != true
        {
            try send(.forgot(id))
        }
        if isPresent, random.chance(world.losses) {
            flight = nil
            isPresent = false
            returns = now + Interval(milliseconds: random.uniform(0, 20))
            try send(.deviceLost)
        }
    }

    private mutating func anybody() -> RequestID? {
        present.isEmpty ? nil : present[random.integer(in: 0...(present.count - 1))]
    }

    private mutating func forget(_ id: RequestID) {
        left[id] = nil
        present.removeAll { $0 == id }
    }

    // MARK: Driving

    private mutating func send(_ event: GenerationEvent) throws {
        actions.removeAll()
        // A step is promised by what had been learnt when it began, the one before it included.
        scheduler.handle(event, at: now, into: &actions)
        let cost = scheduler.cost
        try checker.check(event, actions, at: now, cost: cost)
        scheduler.checkInvariants()
        try require(
            checker.keyValueTokens == scheduler.keyValueTokens,
            "the engine holds \(checker.keyValueTokens) tokens, the books \(scheduler.keyValueTokens)"
        )
        outcome.hash.combine("\(now.nanoseconds) \(event)")
        for action in actions.actions {
            outcome.hash.combine("\(action)")
            switch action {
            case .step(let plan): begin(plan)
            case .reject(let id, _, _), .cancelled(let id): forget(id)
            default: break
            }
        }
        for item in actions.items { outcome.hash.combine("\(item)") }
    }

    private mutating func begin(_ plan: StepPlan) {
        let mean = world.truth.mean(
            tokens: plan.decodes + plan.prefillTokens, keyValueTokens: plan.keyValueTokens)
        let factor = max(1 + world.noise * random.normal(), 0.2)
        flight = (
            plan, Array(actions.items(of: plan)), now + Interval(milliseconds: mean * factor)
        )
    }
}
