package import ControlCore
package import SchedulerCore
package import ServingModel

/// A server in virtual time: the shipping scheduler, simulated devices, and nothing that waits.
///
/// It merges three sources of events: what the world does (a sequence of ``Stimulus``), what the devices
/// answer, and the one timer that the scheduler asks for. Events at the same instant are ordered:
/// completions by instance, then stimuli in their order, then the timer; so a run is determined by the
/// configuration, the options and the stimuli.
package struct VirtualServer: ~Copyable {
    /// What surrounds the scheduler.
    package struct Options: Sendable {
        /// One device per instance.
        package var devices: [DeviceModel]
        /// Seed of the devices' noise and faults.
        package var random: Seeded
        /// Requests that arrive before this are served but not counted.
        package var measuredFrom = Instant.origin
        /// Width and number of the bins of ``VirtualServer/series``; none by default.
        package var bins: SeriesBins?
        /// Loads and unloads the first cheaper variant; `nil` leaves all as the configuration says.
        package var variantSwitch: VariantSwitch?
        /// Takes sick instances out; `nil` leaves them in.
        package var breakers: BreakerSettings?
        /// Keeps the health rules; `nil` for none.
        package var health: HealthSettings?
        /// The memory of the process; `nil` where it never matters.
        package var memory: ProcessMemory?
        /// When the devices' memory is short.
        package var squeezes: [Squeeze] = []
        /// What clients do whose requests are refused; `nil` for nothing.
        package var retries: RetryPlan?
        /// Tells them when to come back; `nil` for the backlog as it is.
        package var advice: RetryAdvice?
        /// What is wrong with which device, and when.
        package var faults: [DeviceFault] = []
        /// More events than any run needs: a run that exceeds them does not end.
        package var maxEvents = 4_000_000_000

        /// One device per instance; the rest by default.
        package init(devices: [DeviceModel], _ random: Seeded) {
            self.devices = devices
            self.random = random
        }
    }

    /// Sees every event together with the scheduler's answer, after the answer has been carried out.
    package typealias Observer = (
        _ at: Instant, _ event: Event, _ answer: ActionBuffer, _ scheduler: borrowing Scheduler
    ) throws -> Void

    /// A run that cannot go on.
    package struct Stuck: Error, CustomStringConvertible {
        /// What it was waiting for.
        package let description: String
    }

    /// The results so far.
    package internal(set) var outcome: Outcome

    /// Queue, batches and instances over time, when the options ask for them.
    package internal(set) var series: SeriesRecorder?

    /// What controllers were set to over time, when the options ask for series.
    package internal(set) var controls: ControlLog?

    let options: Options
    var scheduler: Scheduler
    private var buffer = ActionBuffer()
    var devices: [Device]
    private var records = RequestWindow()
    private var variantSwitch: VariantSwitch?
    var breakers: BreakerPanel?
    var watch: HealthWatch
    private var clients: RetryingClients?
    private(set) var running = 0
    private(set) var now = Instant.origin

    struct Device {
        var model: DeviceModel
        var random: Seeded
        var start = Instant.origin
        var predicted = Interval.zero
        var end = Instant.distantFuture
        var result = BatchResult.success
        /// Most rows that fit the memory, where the batch had too many.
        var fittingRows: Int?
        var riders: [RequestID] = []
        /// Batches since something has been wrong with it.
        var sickBatches = 0
    }

    /// A server all of whose instances become ready at the origin.
    package init(_ configuration: SchedulerConfiguration, _ options: Options) {
        precondition(options.devices.count == configuration.instances, "one device per instance")
        self.options = options
        variantSwitch = options.variantSwitch
        breakers = options.breakers.map {
            BreakerPanel(instances: configuration.instances, $0)
        }
        watch = HealthWatch(options.health, options.memory)
        clients = options.retries.map {
            RetryingClients($0, options.advice, options.random.split("clients"))
        }
        scheduler = Scheduler(configuration)
        outcome = Outcome(
            classes: configuration.classes.count, measuredFrom: options.measuredFrom)
        if options.breakers != nil {
            outcome.breakers = BreakerOutcome(defects: options.faults.count)
        }
        series = options.bins.map { SeriesRecorder($0) }
        controls = options.bins.map { _ in ControlLog() }
        devices = options.devices.enumerated().map {
            Device(model: $0.element, random: options.random.split("device \($0.offset)"))
        }
    }

    /// Runs until the stimuli are used up and nothing waits or runs any more.
    @discardableResult
    package mutating func run(
        _ stimuli: some Sequence<Stimulus>, observer: Observer? = nil
    ) throws -> Outcome {
        for index in devices.indices { try feed(.instanceReady(InstanceID(index)), observer) }
        noteSettings()
        noteBreakers()
        if options.variantSwitch != nil { controls?.note(.variants, "variant 1", 0, at: now) }
        var iterator = stimuli.makeIterator()
        var upcoming = iterator.next()
        var events = 0
        while true {
            let device = nextDevice()
            let completion = device.map { devices[$0].end } ?? .distantFuture
            let own = scheduler.nextWakeup ?? .distantFuture
            let breaker = breakers?.nextWakeup ?? .distantFuture
            let again = clients?.nextTime ?? .distantFuture
            let outside = min(upcoming?.at ?? .distantFuture, again)
            let isBusy = device != nil || min(own, breaker, outside) < .distantFuture
            let health = isBusy || watch.backAt < .distantFuture ? watch.wakeup : .distantFuture
            let timer = min(own, breaker, health)
            if let device, completion <= outside, completion <= timer {
                try complete(device, observer)
            } else if again <= outside, again < .distantFuture, again <= timer {
                try comeBack(observer)
            } else if let stimulus = upcoming, outside <= timer {
                upcoming = iterator.next()
                try apply(stimulus.truthful(before: upcoming), observer)
            } else if timer != .distantFuture {
                now = max(now, timer)
                if health < min(own, breaker) {
                    try tendHealth(observer)
                } else if breaker <= own {
                    try wakeBreakers(observer)
                    noteBreakers()
                } else {
                    try feed(.timerFired, observer)
                }
            } else {
                break
            }
            if options.memory != nil { try watchMemory(observer) }
            events += 1
            guard events <= options.maxEvents else {
                throw Stuck(description: "still busy at \(now) after \(events) events")
            }
        }
        guard scheduler.queuedRequests == 0 else {
            throw Stuck(description: "\(scheduler.queuedRequests) requests wait for nothing")
        }
        outcome.end = now
        series?.close(at: now)
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

    private mutating func apply(_ stimulus: Stimulus, _ observer: Observer?) throws {
        now = max(now, stimulus.at)
        switch stimulus.kind {
        case .arrive(var arrival):
            let isCounted = now >= options.measuredFrom
            if clients != nil {
                arrival = clients?.first(arrival, at: now, isCounted: isCounted) ?? arrival
                if isCounted { outcome.wishes += 1 }
            }
            note(arrival, isCounted: isCounted)
            if variantSwitch != nil { try lookAtVariant(arrival, observer) }
            try feed(.arrived(arrival), observer)
        case .cancel(let id): try feed(.cancelled(id), observer)
        case .lose(let instance): try feed(.instanceLost(instance), observer)
        case .restore(let instance): try feed(.instanceReady(instance), observer)
        case .hold(let instance, let until): try feed(.held(instance, until: until), observer)
        case .probe(let instance): try feed(.probe(instance), observer)
        case .drain: try feed(.draining, observer)
        case .limit(let rows): try feed(.limited(rows: rows), observer)
        case .limitQueue(let requests): try feed(.queueLimited(requests: requests), observer)
        case .prefer(let variant): try feed(.preferred(variant), observer)
        case .variant(let variant, let isResident):
            try feed(.variant(variant, isResident: isResident), observer)
        }
    }

    private mutating func lookAtVariant(_ arrival: Arrival, _ observer: Observer?) throws {
        variantSwitch?.arrived(rows: arrival.rows, at: now)
        guard variantSwitch?.isDue(at: now) == true else { return }
        // The most that the full model sustains within the tightest deadline.
        let latency = scheduler.latency
        let classes = scheduler.configuration.classes
        let tightest = classes.map(\.defaultDeadline).min() ?? .never
        let guardInterval = scheduler.configuration.guardInterval
        let rows = max(latency.rows(within: (tightest - guardInterval) / 2), 1)
        let capacity = latency.throughput(rows: rows) * Double(devices.count)
        if let isResident = variantSwitch?.look(capacity: capacity, at: now) {
            try feed(.variant(VariantIndex(1), isResident: isResident), observer)
        }
    }

    /// A client tries again.
    private mutating func comeBack(_ observer: Observer?) throws {
        guard let (arrival, at, isCounted) = clients?.again() else { return }
        now = max(now, at)
        note(arrival, isCounted: isCounted)
        try feed(.arrived(arrival), observer)
    }

    private mutating func note(_ arrival: Arrival, isCounted: Bool) {
        let index = min(arrival.priorityClass.rawValue, outcome.classes.count - 1)
        if isCounted {
            outcome.classes[index].arrived += 1
            outcome.lastArrival = now
        }
        records.insert(
            RequestWindow.Record(
                id: arrival.id.rawValue, arrival: now, deadline: arrival.deadline,
                priorityClass: Int32(index), isCounted: isCounted, isLive: true))
    }

    private mutating func complete(_ index: Int, _ observer: Observer?) throws {
        now = max(now, devices[index].end)
        devices[index].end = .distantFuture
        settle(index, isSuccess: devices[index].result == .success)
        if breakers != nil { try watchEnd(index, observer) }
        watch.totals.busy = watch.totals.busy + devices[index].start.interval(to: now)
        if let rows = devices[index].fittingRows, rows < scheduler.configuration.maxBatchRows {
            try feed(.limited(rows: rows), observer)
        }
        try feed(.completed(InstanceID(index), devices[index].result), observer)
        noteBreakers()
    }

    /// Ends the riders of a device's batch.
    mutating func settle(_ index: Int, isSuccess: Bool) {
        running -= devices[index].riders.count
        for id in devices[index].riders {
            guard let record = records.remove(id) else { continue }
            clients?.ended(id)
            if isSuccess { watch.answered(record, at: now) }
            guard record.isCounted else { continue }
            let index = Int(record.priorityClass)
            if isSuccess {
                outcome.classes[index].note(
                    latency: record.arrival.interval(to: now), isInTime: now <= record.deadline)
            } else {
                outcome.classes[index].failed += 1
            }
        }
        devices[index].riders.removeAll(keepingCapacity: true)
    }

    mutating func feed(_ event: Event, _ observer: Observer?) throws {
        buffer.removeAll()
        scheduler.handle(event, at: now, into: &buffer)
        for index in buffer.actions.indices { perform(buffer.actions[index]) }
        series?.note(queued: scheduler.queuedRequests, inFlight: running, at: now)
        noteControls(event, window: scheduler.batchingWindow)
        if let observer { try observer(now, event, buffer, scheduler) }
    }

    // MARK: Actions

    private mutating func perform(_ action: Action) {
        switch action {
        case .launch(let launch): start(launch)
        case .reject(let id, let reason, let backlog):
            variantSwitch?.rejected(at: now)
            if clients != nil {
                let perRequest = scheduler.timePerRow
                clients?.refused(id, reason, backlog: backlog, perRequest: perRequest, at: now)
            }
            guard let record = records.remove(id), record.isCounted else { return }
            outcome.classes[Int(record.priorityClass)].note(reason)
        case .cancelled(let id):
            clients?.ended(id)
            guard let record = records.remove(id), record.isCounted else { return }
            outcome.classes[Int(record.priorityClass)].cancelled += 1
        }
    }

    private mutating func start(_ launch: Launch) {
        let index = launch.instance.rawValue
        devices[index].riders.append(contentsOf: buffer.members(of: launch))
        running += launch.members.count
        let variant = launch.variant.rawValue
        var duration = devices[index].model.sample(
            rows: launch.rows * max(launch.paddedLength, 1), variant: variant,
            &devices[index].random)
        var fails = devices[index].random.chance(devices[index].model.failureProbability)
        for fault in options.faults where fault.concerns(index, at: now) {
            let disturbed = fault.disturb(duration, at: now)
            duration = disturbed.duration
            fails = fails || disturbed.fails
        }
        if !options.squeezes.isEmpty { duration = squeezed(launch, duration) }
        devices[index].start = now
        devices[index].predicted = launch.predicted
        devices[index].end = now + max(duration, Interval(nanoseconds: 1))
        watchStart(launch)
        devices[index].result = fails ? .failure : .success
        series?.note(batchOf: launch.rows, isCheaper: variant > 0, at: now)
        if now >= options.measuredFrom {
            outcome.note(batchOf: launch.rows, requests: launch.members.count, variant: variant)
        }
    }
}
