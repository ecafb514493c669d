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
    package var outcome: GenerationOutcome { clients.outcome }

    /// Queue, steps and tokens held over time, when the options ask for them.
    package private(set) var series: SeriesRecorder?

    private let options: Options
    private var scheduler: GenerationScheduler
    private var actions = GenerationActions()
    private var random: Seeded
    private var clients: GenerationClients
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
        clients = GenerationClients(
            classes: configuration.classes.count, measuredFrom: options.measuredFrom,
            measuredUntil: options.measuredUntil)
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
        guard clients.count == 0 else {
            throw VirtualServer.Stuck(description: "\(clients.count) requests wait for nothing")
        }
        clients.close(at: now)
        series?.close(at: now)
        return outcome
    }

    // MARK: Events

    private mutating func apply(_ stimulus: GenerationStimulus, _ observer: Observer?) throws {
        now = max(now, stimulus.at)
        switch stimulus.kind {
        case .arrive(let arrival, let newTokens):
            clients.note(arrival, newTokens: newTokens, at: now)
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

    private mutating func completeStep(_ observer: Observer?) throws {
        now = max(now, stepEnd)
        stepEnd = .distantFuture
        if stepResult == .success {
            for item in items where clients.take(item, at: now) {
                try feed(.finished(item.request), observer)
            }
        }
        items.removeAll(keepingCapacity: true)
        try feed(.stepped(stepResult), observer)
    }

    private mutating func feed(_ event: GenerationEvent, _ observer: Observer?) throws {
        actions.removeAll()
        scheduler.handle(event, at: now, into: &actions)
        for index in actions.actions.indices { perform(actions.actions[index]) }
        clients.note(keyValueTokens: scheduler.keyValueTokens)
        if series != nil {
            series?.note(
                queued: scheduler.waiting, inFlight: scheduler.running, at: now)
            series?.note(keyValueTokens: scheduler.keyValueTokens, at: now)
        }
        if let observer { try observer(now, event, actions, scheduler) }
    }

    // MARK: Actions

    private mutating func perform(_ action: GenerationAction) {
        clients.note(action)
        switch action {
        case .step(let plan): start(plan)
        case .swapOut(let id, _), .swapIn(let id, _): noteCopy(of: id)
        default: break
        }
    }

    private mutating func noteCopy(of id: RequestID) {
        guard let swap = scheduler.configuration.swap else { return }
        copyTime = copyTime + swap.time(tokens: clients.held(by: id))
    }

    private mutating func start(_ plan: StepPlan) {
        precondition(stepEnd == .distantFuture, "a step starts while another one runs")
        var tokens = 0
        for item in actions.items(of: plan) {
            items.append(item)
            tokens += item.count
            clients.noteStart(of: item)
        }
        let duration = options.device.sample(
            tokens: tokens, context: plan.keyValueTokens, &random)
        stepEnd = now + duration + copyTime
        copyTime = .zero
        let fails = random.chance(options.device.device.failureProbability)
        stepResult = fails ? .failure : .success
        series?.note(batchOf: tokens, at: now)
        clients.noteStep(of: tokens, taking: duration, at: now)
    }
}
