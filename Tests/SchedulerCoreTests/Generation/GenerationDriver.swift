internal import ControlCore
internal import SchedulerCore
internal import ServingModel

/// Drives a scheduler by hand: one event at a time, with what it did about it at hand.
struct GenerationDriver: ~Copyable {
    var scheduler: GenerationScheduler
    var actions = GenerationActions()
    var now = Instant(nanoseconds: 1_000_000_000)
    /// The step in flight.
    private(set) var plan: StepPlan?
    /// Its items.
    private(set) var items: [StepItem] = []

    /// A device of 1 ms for a step and 0.1 ms for each token, with room for 1,000 tokens in 4 slots, unless
    /// `change` says otherwise.
    static func configuration(
        _ change: (inout GenerationConfiguration) -> Void = { _ in }
    ) -> GenerationConfiguration {
        var configuration = GenerationConfiguration(
            slots: 4, cacheSlots: 4, keyValueTokens: 1_000, maxContext: 1_000,
            cost: StepCostModel(base: 1, perToken: 0.1, perKeyValueToken: 0))
        change(&configuration)
        return configuration
    }

    init(_ configuration: GenerationConfiguration, isReady: Bool = true) {
        scheduler = GenerationScheduler(configuration)
        if isReady { send(.deviceReady) }
    }

    /// What the scheduler answers to an event.
    @discardableResult
    mutating func send(_ event: GenerationEvent, after passed: Interval = .zero)
        -> [GenerationAction]
    {
        now = now + passed
        actions.removeAll()
        scheduler.handle(event, at: now, into: &actions)
        scheduler.checkInvariants()
        if event == .deviceLost { (plan, items) = (nil, []) }
        if case .stepped = event { (plan, items) = (nil, []) }
        for case .step(let begun) in actions.actions {
            plan = begun
            items = Array(actions.items(of: begun))
        }
        return actions.actions
    }

    /// A request comes in.
    @discardableResult
    mutating func arrive(
        _ id: UInt64, prompt: Int, new: Int = 10, inClass index: Int = 0,
        within patience: Interval? = nil, perToken: Interval = .milliseconds(40),
        tenant: UInt32 = 0, predicted: Int? = nil, blocks: [UInt64] = []
    ) -> [GenerationAction] {
        send(
            .arrived(
                GenerationArrival(
                    id: RequestID(id), priorityClass: ClassIndex(index), tenant: TenantID(tenant),
                    promptTokens: prompt, maxNewTokens: new,
                    firstTokenDeadline: patience.map { now + $0 } ?? .distantFuture,
                    perToken: perToken, predictedNewTokens: predicted,
                    prefix: PrefixChain(blocks))))
    }

    /// The step in flight comes back.
    @discardableResult
    mutating func step(
        _ result: StepResult = .success, after passed: Interval = .milliseconds(5)
    ) -> [GenerationAction] {
        send(.stepped(result), after: passed)
    }

    /// Its items, as request, first position and tokens.
    var fed: [[Int]] { items.map { [Int($0.request.rawValue), $0.start, $0.count] } }
}
