package import ControlCore
package import SchedulerCore
package import ServingModel

/// A model of the world around a ``GenerationScheduler`` that says no: it keeps the contents of all slots,
/// cell by cell, and its own books of requests, and refuses every action that they do not allow.
///
/// It knows nothing of ranks and budgets. Feed it every event of a run with its answer, then call
/// ``finish()``.
package struct GenerationChecker {
    /// What the checker knows of one request.
    struct Request {
        var arrival: GenerationArrival
        var produced = 0
        var slot: SlotID?
        /// What the host keeps of it.
        var saved: [UInt64]?
        var firstToken: Instant?
        var isCancelled = false
        var isFinished = false
        /// Whether what its slot held at admission was compared with its own tokens.
        var isVerified = false
    }

    let configuration: GenerationConfiguration
    var requests: [RequestID: Request] = [:]
    var store = CellStore()
    var owners: [SlotID: RequestID] = [:]
    var cached: Set<SlotID> = []
    /// The step in flight.
    var flight: [StepItem]?
    var isPresent = false
    var isDraining = false

    /// Requests that came.
    package private(set) var arrived = 0
    /// Requests that ended, one way or the other.
    package internal(set) var ended = 0
    /// Tokens that requests took from the cache.
    package internal(set) var reusedTokens = 0
    /// Slots lost to shortness of memory.
    package internal(set) var preempted = 0
    /// Requests that were swapped out.
    package internal(set) var swapped = 0
    /// Steps begun.
    package internal(set) var steps = 0
    /// Requests refused or given up.
    package internal(set) var rejected = 0

    /// A world without requests, whose device is absent.
    package init(_ configuration: GenerationConfiguration) {
        self.configuration = configuration
    }

    /// Takes an event and what the scheduler did about it.
    package mutating func check(
        _ event: GenerationEvent, _ answer: GenerationActions, at now: Instant,
        cost: StepCostModel
    ) throws(Unmet) {
        try take(event, at: now)
        for action in answer.actions { try check(action, answer, at: now, cost: cost) }
        try check(settledAfter: event)
    }

    /// Proves that every request has ended and that only the cache holds memory.
    package func finish() throws(Unmet) {
        try require(requests.isEmpty, "\(requests.count) requests never ended")
        try require(ended == arrived, "\(arrived) came and \(ended) ended")
        try require(owners.isEmpty, "\(owners.count) slots are still held")
        for slot in 0..<configuration.slots {
            try require(store.length(SlotID(slot)) == 0, "slot \(slot) is not empty")
        }
    }

    /// Tokens whose keys and values somebody holds.
    package var keyValueTokens: Int { store.count }

    // MARK: Events

    private mutating func take(_ event: GenerationEvent, at now: Instant) throws(Unmet) {
        switch event {
        case .arrived(let arrival):
            try require(requests[arrival.id] == nil, "the world reused \(arrival.id)")
            requests[arrival.id] = Request(arrival: arrival)
            arrived += 1
        case .cancelled(let id):
            requests[id]?.isCancelled = true
        case .finished(let id):
            try finished(id)
        case .stepped(let result):
            try stepped(result, at: now)
        case .deviceReady:
            isPresent = true
        case .deviceLost:
            loseDevice()
        case .draining:
            isDraining = true
        case .forgot(let id):
            if requests[id]?.slot == nil { requests[id]?.saved = nil }
        case .timerFired, .granted, .grown: break
        }
    }

    private mutating func finished(_ id: RequestID) throws(Unmet) {
        guard let request = requests[id] else { return }
        if let flight, flight.contains(where: { $0.request == id }) {
            requests[id]?.isFinished = true
        } else {
            // Its slot must be released in the answer.
            if request.slot == nil { requests[id] = nil } else { requests[id]?.isFinished = true }
        }
        ended += 1
    }

    private mutating func stepped(_ result: StepResult, at now: Instant) throws(Unmet) {
        guard let items = flight else { throw Unmet(description: "the world stepped twice") }
        flight = nil
        for item in items {
            guard result == .success else {
                store.removeLast(item.count, of: item.slot)
                continue
            }
            if item.producesToken {
                requests[item.request]?.produced += 1
                if requests[item.request]?.firstToken == nil {
                    requests[item.request]?.firstToken = now
                }
            }
        }
    }

    private mutating func loseDevice() {
        isPresent = false
        flight = nil
        store = CellStore()
        cached = []
        owners = [:]
        for id in requests.keys {
            if requests[id]?.isFinished == true {
                requests[id] = nil
            } else {
                requests[id]?.slot = nil
            }
        }
    }

    /// What must be true between two events.
    private func check(settledAfter event: GenerationEvent) throws(Unmet) {
        try require(
            store.count <= configuration.keyValueTokens,
            "\(store.count) tokens in room for \(configuration.keyValueTokens)")
        let riding = Set(flight?.map(\.request) ?? [])
        for (id, request) in requests {
            let isEnding = request.isFinished || request.isCancelled
            try require(
                !isEnding || riding.contains(id), "\(id) should have ended with \(event)")
        }
        if isPresent, flight == nil, !configuration.isArbitrated {
            try require(requests.isEmpty, "\(requests.count) requests stand after \(event)")
        }
    }
}
