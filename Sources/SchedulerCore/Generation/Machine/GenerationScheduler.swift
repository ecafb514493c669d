package import ControlCore
package import ServingModel

/// The machine that decides, step by step, which requests for generated text run on one device.
///
/// A value without clock, lock, randomness or I/O, driven like ``Scheduler``: events with the time at which
/// they happened come in, actions go out. A *step* is one pass of the model: it feeds each of its requests
/// either a part of the prompt (*prefill*) or the token that the request has just produced (*decode*).
///
/// States of a request: *waiting*, perhaps with its keys and values swapped out to the host; *running*, in
/// a slot of its own, riding the step in flight or not. It ends exactly once: finished, rejected or
/// cancelled. States of the device: *absent*, *idle*, *stepping*.
///
/// Invariants, checked by ``checkInvariants()``:
/// - N1 work conservation: unless a grant is needed, a device that is idle has neither waiting nor running
///   requests;
/// - N2 what slots and cache hold never exceeds the memory, each shared cell counted once, and equals the
///   sum over requests and nodes; a step of several requests keeps to the room that was learnt;
/// - N3 no two requests share a slot; a request that waits holds neither slot nor node;
/// - N4 (I14) under the default policy no decode is left out, and a step is promised to take no longer than
///   the tightest promise of its decodes allows plus one least chunk of prefill;
/// - N5 the queue is within its limits.
package struct GenerationScheduler: ~Copyable {
    /// What the scheduler was built with.
    package let configuration: GenerationConfiguration

    /// What a step needs, as learnt so far.
    package internal(set) var cost: StepCostModel

    /// How much longer prompts take than that, lately.
    var pace = PromptPace()

    /// How often a request lost its slot because memory was short.
    package internal(set) var preemptions = 0

    var table: GenerationTable
    var cache: PrefixCache
    /// What the engine turned out to have room for.
    var room: LearntRoom
    var predictor: LengthPredictor
    /// What tenants have had, where shares are asked for.
    var counters: TokenCounters?
    var freeSlots: ContiguousArray<Int32>
    /// Tokens held by slots alone, those of the step in flight included.
    var slotTokens = 0
    /// Tokens swapped out to the host.
    var hostTokens = 0
    var device = DeviceCondition.absent
    /// The step in flight, or the one that is being put together.
    var draft = StepDraft()
    var steps: UInt64 = 0
    var isDraining = false
    /// Steps that failed since the last that did not.
    var failures = 0
    /// Steps for which the engine had no room since the last for which it had.
    var squeezes = 0
    /// When the next waiting request becomes hopeless; never later than that.
    var earliestHopeless: Instant?
    /// Where the next look at what the cache holds for those that wait begins.
    var refreshCursor = 0

    /// Scratch memory of decisions.
    var candidates = CandidateHeap()
    /// Who runs, by descending rest.
    var byRest: ContiguousArray<Int32> = []

    enum DeviceCondition {
        case absent
        case idle
        case stepping
    }

    /// A scheduler without requests, whose device is absent until it reports ready.
    package init(_ configuration: GenerationConfiguration) {
        if let problem = configuration.problem { preconditionFailure(problem.description) }
        self.configuration = configuration
        cost = configuration.cost
        table = GenerationTable(
            slots: configuration.slots, queue: configuration.maxQueuedRequests)
        cache = PrefixCache(
            slots: configuration.policy.usesCache ? configuration.cacheSlots : 0,
            blockTokens: configuration.blockTokens)
        room = LearntRoom(
            promised: configuration.keyValueTokens, margin: configuration.blockTokens)
        predictor = LengthPredictor(classes: configuration.classes.count)
        counters = configuration.fairness.map { TokenCounters($0) }
        freeSlots = ContiguousArray((0..<Int32(configuration.slots)).reversed())
        byRest.reserveCapacity(configuration.slots)
    }

    /// Takes one event that happened at `now` and appends what to do about it. `now` must not run
    /// backwards.
    ///
    /// - Complexity: O(waiting + running) for an event that starts a step, O(running) for others.
    package mutating func handle(
        _ event: GenerationEvent, at now: Instant, into actions: inout GenerationActions
    ) {
        switch event {
        case .arrived(let arrival):
            arrive(arrival, at: now, into: &actions)
        case .cancelled(let id):
            cancel(id, at: now, into: &actions)
        case .grown(let id, let chain):
            if let place = table.place(of: id) { table.grow(chain, of: place) }
        case .finished(let id):
            finish(id, at: now, into: &actions)
        case .forgot(let id):
            forget(id, into: &actions)
        case .stepped(let result):
            stepped(result, at: now, into: &actions)
        case .deviceReady:
            if device == .absent { device = .idle }
        case .deviceLost:
            loseDevice(at: now, into: &actions)
        case .timerFired:
            shed(at: now, into: &actions)
        case .draining:
            isDraining = true
        case .granted(let longest):
            precondition(configuration.isArbitrated, "a grant where none is needed")
            launch(within: longest, at: now, into: &actions)
        }
        if !configuration.isArbitrated { launch(within: .never, at: now, into: &actions) }
    }

    /// When a waiting request's first token becomes hopeless, unless something happens before; the shell
    /// arms one timer for it. `nil` while no waiting request has a deadline.
    package var nextWakeup: Instant? {
        configuration.policy.shedsHopeless ? earliestHopeless : nil
    }

    /// Requests that wait for a slot, those pre-empted included.
    package var waiting: Int { table.waiting.count }

    /// Requests that hold a slot.
    package var running: Int { table.running.count }

    /// Tokens that wait to be fed, whatever the cache holds; decodes not counted.
    package var queuedTokens: Int { table.waitingTokens + prefillingTokens }

    /// Tokens whose keys and values are held, by running requests and by the cache.
    package var keyValueTokens: Int { slotTokens + cache.tokens }

    /// Tokens that the cache holds, whether a request uses them or not.
    package var cachedTokens: Int { cache.tokens }

    /// Tokens that swapped out requests hold in the host's memory.
    package var swappedTokens: Int { hostTokens }

    /// Tokens of prompts that running requests have yet to feed.
    var prefillingTokens: Int {
        var sum = 0
        for place in table.running where !table[place].isDecode { sum += table[place].need }
        return sum
    }

    /// Tokens for which running requests have found room so far; what was promised unless a step failed.
    package var learntRoom: Int { room.tokens }

    /// Tokens that could be taken by running requests if the cache gave up what it can.
    var freeableTokens: Int { freeableTokens(running: table.running.count) }

    /// The same if so many requests ran: one alone may try all that was promised.
    func freeableTokens(running: Int) -> Int {
        (running > 1 ? room.tokens : room.promised) - slotTokens - cache.pinnedTokens
    }

    /// Most tokens of a step: fewer after the engine had no room.
    var stepLimit: Int {
        let most = configuration.maxStepTokens
        return max(most >> min(squeezes, 16), min(most, Self.leastChunk))
    }

    /// Prefill that a step may hold though its time is up, so that prompts never starve beside decodes.
    static let leastChunk = 64
}

/// A step that is being put together, then in flight.
struct StepDraft {
    /// Who rides, in order; each one's tokens stand in its entry.
    var riders: ContiguousArray<Int32> = []
    var decodes = 0
    var prefillTokens = 0
    /// The sum of each rider's end.
    var keyValueTokens = 0
    /// That of the riders that feed a prompt.
    var promptContext = 0
    /// Time that swapping adds.
    var copying = Interval.zero
    /// Most tokens that the policy allows.
    var budget = 0
    /// Most time that the policy allows, least chunk not included.
    var limit = Interval.never
    /// Whether a request lost its slot for it.
    var hasPreempted = false
    var started = Instant.origin
    var predictedEnd = Instant.origin

    var tokens: Int { decodes + prefillTokens }

    mutating func clear() {
        riders.removeAll(keepingCapacity: true)
        decodes = 0
        prefillTokens = 0
        keyValueTokens = 0
        promptContext = 0
        copying = .zero
        budget = 0
        limit = .never
        hasPreempted = false
    }
}
