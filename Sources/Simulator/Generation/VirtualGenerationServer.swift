internal import ControlCore
package import SchedulerCore
package import ServingModel

/// A server that generates text in virtual time: the shipping ``GenerationScheduler``, a simulated device
/// that runs one step at a time, and nothing that waits.
///
/// Events at the same instant are ordered: the end of the step, then stimuli in their order, then the
/// timer; so a run is determined by the configuration, the options and the stimuli.
package struct VirtualGenerationServer: ~Copyable {
    /// What surrounds the scheduler.
    package struct Options: Sendable {
        /// What a step costs.
        package var device: StepModel
        /// Seed of the device's noise and faults.
        package var random: Seeded
        /// Requests that arrive before this are served but not counted.
        package var measuredFrom = Instant.origin
        /// Tokens that come from then on are not counted as throughput: only requests end that came before.
        package var measuredUntil = Instant.distantFuture
        /// Width and number of the bins of ``VirtualGenerationServer/series``; none by default.
        package var bins: SeriesBins?
        /// More events than any run needs: a run that exceeds them does not end.
        package var maxEvents = 4_000_000_000

        /// A device; the rest by default.
        package init(device: StepModel, _ random: Seeded) {
            self.device = device
            self.random = random
        }
    }

    /// Sees every event together with the scheduler's answer, after the answer has been carried out.
    package typealias Observer = (
        _ at: Instant, _ event: GenerationEvent, _ answer: GenerationActions,
        _ scheduler: borrowing GenerationScheduler
    ) throws -> Void

    /// The results so far.
    package private(set) var outcome: GenerationOutcome

    /// Queue, steps and tokens held over time, when the options ask for them.
    package private(set) var series: SeriesRecorder?

    private let options: Options
    private var scheduler: GenerationScheduler
    private var actions = GenerationActions()
    private var random: Seeded
    private var requests: [RequestID: GenerationProgress] = [:]
    private var now = Instant.origin
    private var stepEnd = Instant.distantFuture
    private var stepResult = StepResult.success
    /// The items of the step that runs.
    private var items: [StepItem] = []
    /// Time that the next step loses to copies between the device and the host's memory.
    private var copyTime = Interval.zero

    /// A server whose device becomes ready at the origin.
    package init(_ configuration: GenerationConfiguration, _ options: Options) {
        self.options = options
        scheduler = GenerationScheduler(configuration)
        outcome = GenerationOutcome(
            classes: configuration.classes.count, measuredFrom: options.measuredFrom)
        series = options.bins.map { SeriesRecorder($0) }
        random = options.random.split("device 0")
    }

    /// Runs until the stimuli are used up and nothing waits or runs any more.
    @discardableResult
    package mutating func run(
        _ stimuli: some Sequence<GenerationStimulus>, observer: Observer? = nil
    ) throws -> GenerationOutcome {
        try feed(.deviceReady, observer)
        var iterator = stimuli.makeIterator()
        var upcoming = iterator.next()
        var events = 0
        while true {
            let timer = scheduler.nextWakeup ?? .distantFuture
            let outside = upcoming?.at ?? .distantFuture
            if stepEnd != .distantFuture, stepEnd <= outside, stepEnd <= timer {
                try completeStep(observer)
            } else if let stimulus = upcoming, outside <= timer {
                upcoming = iterator.next()
                try apply(stimulus, observer)
            } else if timer != .distantFuture {
                now = max(now, timer)
                try feed(.timerFired, observer)
            } else {
                break
            }
            events += 1
            guard events <= options.maxEvents else {
                throw VirtualServer.Stuck(
                    description: "still busy at \(now) after \(events) events")
            }
        }
        guard requests.isEmpty else {
            throw VirtualServer.Stuck(description: "\(requests.count) requests wait for nothing")
        }
        outcome.end = now
        series?.close(at: now)
        return outcome
    }

    // MARK: Events

    private mutating func apply(_ stimulus: GenerationStimulus, _ observer: Observer?) throws {
        now = max(now, stimulus.at)
        switch stimulus.kind {
        case .arrive(let arrival, let newTokens):
            note(arrival, newTokens: newTokens)
            try feed(.arrived(arrival), observer)
        case .cancel(let id): try feed(.cancelled(id), observer)
        case .lose:
            // What ran is lost with the device.
            stepEnd = .distantFuture
            items.removeAll(keepingCapacity: true)
            try feed(.deviceLost, observer)
        case .restore: try feed(.deviceReady, observer)
        case .drain: try feed(.draining, observer)
        }
    }

    private mutating func note(_ arrival: GenerationArrival, newTokens: Int) {
        precondition(requests[arrival.id] == nil, "request \(arrival.id) came twice")
        let index = min(arrival.priorityClass.rawValue, outcome.classes.count - 1)
        let isCounted = now >= options.measuredFrom
        if isCounted {
            outcome.classes[index].ends.arrived += 1
            outcome.lastArrival = now
        }
        requests[arrival.id] = GenerationProgress(
            arrival: now, firstTokenDeadline: arrival.firstTokenDeadline,
            perToken: arrival.perToken, priorityClass: index, isCounted: isCounted,
            promptTokens: arrival.promptTokens, newTokens: min(newTokens, arrival.maxNewTokens))
    }

    private mutating func completeStep(_ observer: Observer?) throws {
        now = max(now, stepEnd)
        stepEnd = .distantFuture
        if stepResult == .success {
            for item in items {
                requests[item.request]?.held = item.end
                if item.producesToken { try produce(item.request, observer) }
            }
        }
        items.removeAll(keepingCapacity: true)
        try feed(.stepped(stepResult), observer)
    }

    /// A request gets its next token.
    private mutating func produce(_ id: RequestID, _ observer: Observer?) throws {
        // A client that gave up while the step ran gets nothing.
        guard var request = requests[id] else { return }
        request.note(tokenAt: now)
        if now >= options.measuredFrom, now < options.measuredUntil {
            outcome.generatedTokens += 1
        }
        guard request.isComplete else {
            requests[id] = request
            return
        }
        requests[id] = nil
        if request.isCounted { outcome.classes[request.priorityClass].note(request) }
        try feed(.finished(id), observer)
    }

    private mutating func feed(_ event: GenerationEvent, _ observer: Observer?) throws {
        actions.removeAll()
        scheduler.handle(event, at: now, into: &actions)
        for index in actions.actions.indices { perform(actions.actions[index]) }
        outcome.peakKeyValueTokens = max(outcome.peakKeyValueTokens, scheduler.keyValueTokens)
        if series != nil {
            series?.note(
                queued: scheduler.waiting, inFlight: scheduler.running, at: now)
            series?.note(keyValueTokens: scheduler.keyValueTokens, at: now)
        }
        if let observer { try observer(now, event, actions, scheduler) }
    }

    // MARK: Actions

    private mutating func perform(_ action: GenerationAction) {
        switch action {
        case .step(let plan): start(plan)
        case .reject(let id, let reason, _): end(id) { $0.note(reason) }
        case .cancelled(let id): end(id) { $0.cancelled += 1 }
        case .preempted(let id):
            if requests[id]?.isCounted == true { outcome.preemptions += 1 }
        case .swapOut(let id, _), .swapIn(let id, _): noteCopy(of: id)
        case .release, .retain, .reuse, .evict: break
        }
    }

    private mutating func noteCopy(of id: RequestID) {
        guard let swap = scheduler.configuration.swap, let request = requests[id] else { return }
        copyTime = copyTime + swap.time(tokens: request.held)
    }

    private mutating func end(_ id: RequestID, _ note: (inout ClassOutcome) -> Void) {
        guard let request = requests.removeValue(forKey: id), request.isCounted else { return }
        note(&outcome.classes[request.priorityClass].ends)
    }

    private mutating func start(_ plan: StepPlan) {
        precondition(stepEnd == .distantFuture, "a step starts while another one runs")
        var tokens = 0
        for item in actions.items(of: plan) {
            items.append(item)
            tokens += item.count
            noteStart(of: item)
        }
        let duration = options.device.sample(
            tokens: tokens, context: plan.keyValueTokens, &random)
        stepEnd = now + duration + copyTime
        copyTime = .zero
        let fails = random.chance(options.device.device.failureProbability)
        stepResult = fails ? .failure : .success
        series?.note(batchOf: tokens, at: now)
        if now >= options.measuredFrom {
            outcome.steps.add(duration)
            outcome.fedTokens += tokens
        }
    }

    /// The first tokens of a request that are not fed were found in the cache.
    private mutating func noteStart(of item: StepItem) {
        guard let request = requests[item.request], !request.hasStarted else { return }
        requests[item.request]?.hasStarted = true
        guard request.isCounted else { return }
        outcome.promptTokens += request.promptTokens
        outcome.cachedTokens += min(item.start, request.promptTokens)
    }
}
