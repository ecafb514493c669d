package import SchedulerCore
package import ServingModel
package import TraceFormat

/// A server in virtual time: the shipping scheduler, simulated devices, and nothing that waits.
///
/// It merges three sources of events: what the world does (a sequence of ``Stimulus``), what the devices
/// answer, and the one timer that the scheduler asks for. Events at the same instant are ordered:
/// completions by instance, then stimuli in their order, then the timer; so a run is determined by the
/// configuration, the options and the stimuli.
package struct VirtualServer: ~Copyable {
    /// How much is verified on the way.
    package enum Checks: Sendable, Equatable {
        /// Nothing: for measurements.
        case none
        /// Every action, against an ``ActionChecker``.
        case actions
        /// Every action, and the machine's own books after every event; O(n) each.
        case everything
    }

    /// What surrounds the scheduler.
    package struct Options: Sendable {
        /// One device per instance.
        package var devices: [DeviceModel]
        /// Seed of the devices' noise and faults.
        package var random: Seeded
        /// How much is verified.
        package var checks = Checks.everything
        /// Whether ``VirtualServer/trace`` is kept.
        package var keepsTrace = false
        /// Requests that arrive before this are served but not counted.
        package var measuredFrom = Instant.origin
        /// More events than any run of the test needs: a run that exceeds them does not end.
        package var maxEvents = 100_000_000

        /// One device per instance; the rest by default.
        package init(devices: [DeviceModel], _ random: Seeded) {
            self.devices = devices
            self.random = random
        }
    }

    /// A run that cannot go on.
    package struct Stuck: Error, CustomStringConvertible {
        /// What it was waiting for.
        package let description: String
    }

    /// The steps so far, when the options ask for them.
    package private(set) var trace = Trace()

    /// The results so far.
    package private(set) var outcome: Outcome

    private let options: Options
    private var scheduler: Scheduler
    private var buffer = ActionBuffer()
    private var checker: ActionChecker
    private var devices: [Device]
    private var records: [RequestID: Record] = [:]
    private var now = Instant.origin

    private struct Device {
        var model: DeviceModel
        var random: Seeded
        var end = Instant.distantFuture
        var result = BatchResult.success
        var riders: [RequestID] = []
    }

    private struct Record {
        var arrival: Instant
        var deadline: Instant
        var priorityClass: Int32
        var isCounted: Bool
    }

    /// A server all of whose instances become ready at the origin.
    package init(_ configuration: SchedulerConfiguration, _ options: Options) {
        precondition(options.devices.count == configuration.instances, "one device per instance")
        self.options = options
        scheduler = Scheduler(configuration)
        checker = ActionChecker(configuration)
        outcome = Outcome(
            classes: configuration.classes.count, measuredFrom: options.measuredFrom)
        devices = options.devices.enumerated().map {
            Device(model: $0.element, random: options.random.split("device \($0.offset)"))
        }
    }

    /// Runs until the stimuli are used up and nothing waits or runs any more.
    @discardableResult
    package mutating func run(_ stimuli: some Sequence<Stimulus>) throws -> Outcome {
        for index in devices.indices { try feed(.instanceReady(InstanceID(index))) }
        var iterator = stimuli.makeIterator()
        var upcoming = iterator.next()
        var events = 0
        while true {
            let device = nextDevice()
            let completion = device.map { devices[$0].end } ?? .distantFuture
            let timer = scheduler.nextWakeup ?? .distantFuture
            let outside = upcoming?.at ?? .distantFuture
            if let device, completion <= outside, completion <= timer {
                try complete(device)
            } else if let stimulus = upcoming, outside <= timer {
                upcoming = iterator.next()
                try apply(stimulus.truthful(before: upcoming))
            } else if timer != .distantFuture {
                now = max(now, timer)
                try feed(.timerFired)
            } else {
                break
            }
            events += 1
            guard events <= options.maxEvents else {
                throw Stuck(description: "still busy at \(now) after \(events) events")
            }
        }
        guard scheduler.queuedRequests == 0 else {
            throw Stuck(description: "\(scheduler.queuedRequests) requests wait for nothing")
        }
        if options.checks != .none { try checker.finish(at: now) }
        outcome.end = now
        return outcome
    }

    private func nextDevice() -> Int? {
        var next: Int?
        for index in devices.indices where devices[index].end != .distantFuture {
            if next.map({ devices[index].end < devices[$0].end }) ?? true { next = index }
        }
        return next
    }

    // MARK: Events

    private mutating func apply(_ stimulus: Stimulus) throws {
        now = max(now, stimulus.at)
        switch stimulus.kind {
        case .arrive(let arrival):
            note(arrival)
            try feed(.arrived(arrival))
        case .cancel(let id): try feed(.cancelled(id))
        case .lose(let instance): try feed(.instanceLost(instance))
        case .restore(let instance): try feed(.instanceReady(instance))
        case .drain: try feed(.draining)
        }
    }

    private mutating func note(_ arrival: Arrival) {
        let index = min(arrival.priorityClass.rawValue, outcome.classes.count - 1)
        let isCounted = now >= options.measuredFrom
        if isCounted {
            outcome.classes[index].arrived += 1
            outcome.lastArrival = now
        }
        records[arrival.id] = Record(
            arrival: now, deadline: arrival.deadline, priorityClass: Int32(index),
            isCounted: isCounted)
    }

    private mutating func complete(_ index: Int) throws {
        now = max(now, devices[index].end)
        devices[index].end = .distantFuture
        let isSuccess = devices[index].result == .success
        for id in devices[index].riders {
            end(id) { outcome, record, now in
                if isSuccess {
                    outcome.note(
                        latency: record.arrival.interval(to: now), isInTime: now <= record.deadline)
                } else {
                    outcome.failed += 1
                }
            }
        }
        devices[index].riders.removeAll(keepingCapacity: true)
        try feed(.completed(InstanceID(index), devices[index].result))
    }

    private mutating func feed(_ event: Event) throws {
        buffer.removeAll()
        scheduler.handle(event, at: now, into: &buffer)
        for action in buffer.actions { perform(action) }
        let needsStep = options.checks != .none || options.keepsTrace
        guard needsStep else { return }
        let step = Step(
            input: TimedEvent(at: now, event), actions: buffer.actions, members: buffer.members)
        if options.keepsTrace { trace.steps.append(step) }
        if options.checks != .none { try verify(step) }
    }

    private mutating func verify(_ step: Step) throws {
        let view = ActionChecker.View(
            queued: scheduler.queuedRequests, nextWakeup: scheduler.nextWakeup)
        try checker.check(step, view) { scheduler.latency(of: $0) }
        guard options.checks == .everything, !step.input.event.isFollowed else { return }
        scheduler.checkInvariants()
        if step.input.event == .timerFired {
            try checker.checkTimeliness(at: now, view) { scheduler.latency(of: $0) }
        }
    }

    // MARK: Actions

    private mutating func perform(_ action: Action) {
        switch action {
        case .launch(let launch): start(launch)
        case .reject(let id, let reason, _): end(id) { outcome, _, _ in outcome.note(reason) }
        case .cancelled(let id): end(id) { outcome, _, _ in outcome.cancelled += 1 }
        }
    }

    private mutating func start(_ launch: Launch) {
        let index = launch.instance.rawValue
        devices[index].riders.append(contentsOf: buffer.members(of: launch))
        let duration = devices[index].model.sample(rows: launch.rows, &devices[index].random)
        devices[index].end = now + max(duration, Interval(nanoseconds: 1))
        let fails = devices[index].random.chance(devices[index].model.failureProbability)
        devices[index].result = fails ? .failure : .success
        if now >= options.measuredFrom { outcome.batchRows.append(launch.rows) }
    }

    private mutating func end(
        _ id: RequestID, _ body: (inout ClassOutcome, Record, Instant) -> Void
    ) {
        guard let record = records.removeValue(forKey: id), record.isCounted else { return }
        body(&outcome.classes[Int(record.priorityClass)], record, now)
    }
}
