internal import SchedulerCore
internal import ServingModel

/// The clients of a simulated generator: what they asked for, what they have got, and the figures of that.
struct GenerationClients {
    /// The results so far.
    private(set) var outcome: GenerationOutcome

    private var requests: [RequestID: GenerationProgress] = [:]
    /// Tokens that come from then on are not counted as throughput.
    private let measuredUntil: Instant

    init(classes: Int, measuredFrom: Instant, measuredUntil: Instant) {
        outcome = GenerationOutcome(classes: classes, measuredFrom: measuredFrom)
        self.measuredUntil = measuredUntil
    }

    /// Clients that wait for something.
    var count: Int { requests.count }

    /// A request comes, whose answer will have so many tokens.
    mutating func note(_ arrival: GenerationArrival, newTokens: Int, at now: Instant) {
        precondition(requests[arrival.id] == nil, "request \(arrival.id) came twice")
        let index = min(arrival.priorityClass.rawValue, outcome.classes.count - 1)
        let isCounted = now >= outcome.measuredFrom
        if isCounted {
            outcome.classes[index].ends.arrived += 1
            outcome.lastArrival = now
        }
        requests[arrival.id] = GenerationProgress(
            arrival: now, firstTokenDeadline: arrival.firstTokenDeadline,
            perToken: arrival.perToken, priorityClass: index, isCounted: isCounted,
            promptTokens: arrival.promptTokens, newTokens: min(newTokens, arrival.maxNewTokens))
    }

    /// A step begins that feeds these tokens of a request. The first tokens of a request that are not fed
    /// were found in the cache.
    mutating func noteStart(of item: StepItem) {
        guard let request = requests[item.request], !request.hasStarted else { return }
        requests[item.request]?.hasStarted = true
        guard request.isCounted else { return }
        outcome.promptTokens += request.promptTokens
        outcome.cachedTokens += min(item.start, request.promptTokens)
    }

    /// A step of `tokens` tokens begins.
    mutating func noteStep(of tokens: Int, taking duration: Interval, at now: Instant) {
        guard now >= outcome.measuredFrom else { return }
        outcome.steps.add(duration)
        outcome.fedTokens += tokens
    }

    /// A request has fed these tokens; `true` when it has got its last one.
    mutating func take(_ item: StepItem, at now: Instant) -> Bool {
        // A client that gave up while the step ran gets nothing.
        guard requests[item.request] != nil else { return false }
        requests[item.request]?.held = item.end
        guard item.producesToken else { return false }
        requests[item.request]?.note(tokenAt: now)
        if now >= outcome.measuredFrom, now < measuredUntil { outcome.generatedTokens += 1 }
        guard let request = requests[item.request], request.isComplete else { return false }
        requests[item.request] = nil
        if request.isCounted { outcome.classes[request.priorityClass].note(request) }
        return true
    }

    /// What the scheduler decided about a request, apart from its steps.
    mutating func note(_ action: GenerationAction) {
        switch action {
        case .reject(let id, let reason, _): end(id) { $0.note(reason) }
        case .cancelled(let id): end(id) { $0.cancelled += 1 }
        case .preempted(let id):
            if requests[id]?.isCounted == true { outcome.preemptions += 1 }
        case .step, .swapOut, .swapIn, .release, .retain, .reuse, .evict: break
        }
    }

    /// The device holds so many tokens.
    mutating func note(keyValueTokens: Int) {
        outcome.peakKeyValueTokens = max(outcome.peakKeyValueTokens, keyValueTokens)
    }

    /// Tokens whose keys and values a request has.
    func held(by id: RequestID) -> Int { requests[id]?.held ?? 0 }

    /// The run is over.
    mutating func close(at now: Instant) { outcome.end = now }

    private mutating func end(_ id: RequestID, _ note: (inout ClassOutcome) -> Void) {
        guard let request = requests.removeValue(forKey: id), request.isCounted else { return }
        note(&outcome.classes[request.priorityClass].ends)
    }
}
