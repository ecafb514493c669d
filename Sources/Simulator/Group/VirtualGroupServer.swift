package import SchedulerCore
package import ServingModel

/// A server of several models in virtual time: the shipping ``DeviceGroup``, simulated devices with
/// memory, loads that take their time, and nothing that waits.
///
/// Events at the same instant are ordered: completions and loads by model and instance, then stimuli in
/// their order, then the timer.
package struct VirtualGroupServer: ~Copyable {
    /// What surrounds the group.
    package struct Options: Sendable {
        /// What a batch costs, by model.
        package var costs: [GangModel]
        /// Seed of the devices' noise and faults.
        package var random: Seeded
        /// Probability that a load fails.
        package var loadFailureProbability = 0.0
        /// Requests that arrive before this are served but not counted.
        package var measuredFrom = Instant.origin
        /// Width and number of the bins of ``VirtualGroupServer/series``; none by default.
        package var bins: SeriesBins?
        /// More events than any run needs: a run that exceeds them does not end.
        package var maxEvents = 4_000_000_000

        /// One cost for each model; the rest by default.
        package init(costs: [GangModel], _ random: Seeded) {
            self.costs = costs
            self.random = random
        }
    }

    /// Sees every event together with the group's answer, after the answer has been carried out.
    package typealias Observer = (
        _ at: Instant, _ event: GroupEvent, _ answer: GroupActionBuffer,
        _ group: borrowing DeviceGroup
    ) throws -> Void

    /// The results so far.
    package private(set) var outcome: GroupOutcome

    /// Queue, batches and memory over time, when the options ask for them.
    package private(set) var series: SeriesRecorder?

    private let options: Options
    private var group: DeviceGroup
    private var buffer = GroupActionBuffer()
    private var instances: [Instance] = []
    /// Position of each model's first instance in ``instances``.
    private var firstInstance: [Int] = []
    private var records: [RequestWindow]
    private var running = 0
    private var now = Instant.origin

    private struct Instance {
        var model: ModelIndex
        var id: InstanceID
        var devices: [Int]
        var random: Seeded
        var end = Instant.distantFuture
        var result = BatchResult.success
        var riders: [RequestID] = []
        /// When it will be in memory, while it is being loaded.
        var loadEnd = Instant.distantFuture
        var loadFails = false
        /// When it has something to report.
        var next: Instant { min(end, loadEnd) }
    }

    /// A server all of whose devices become ready at the origin.
    package init(_ configuration: GroupConfiguration, _ options: Options) {
        precondition(options.costs.count == configuration.models.count, "one cost per model")
        self.options = options
        group = DeviceGroup(configuration)
        outcome = GroupOutcome(
            classes: configuration.models.map(\.scheduler.classes.count),
            devices: configuration.devices.count, measuredFrom: options.measuredFrom)
        series = options.bins.map { SeriesRecorder($0) }
        records = configuration.models.map { _ in RequestWindow() }
        for (model, entry) in configuration.models.enumerated() {
            firstInstance.append(instances.count)
            for (number, placement) in entry.placements.enumerated() {
                instances.append(
                    Instance(
                        model: ModelIndex(model), id: InstanceID(number),
                        devices: placement.map(\.rawValue),
                        random: options.random.split("model \(model) instance \(number)")))
            }
        }
    }

    /// Runs until the stimuli are used up and nothing waits, runs or loads any more.
    @discardableResult
    package mutating func run(
        _ stimuli: some Sequence<GroupStimulus>, observer: Observer? = nil
    ) throws -> GroupOutcome {
        for device in group.configuration.devices.indices {
            try feed(.deviceReady(DeviceIndex(device)), observer)
        }
        var iterator = stimuli.makeIterator()
        var upcoming = iterator.next()
        var events = 0
        while true {
            let next = nextInstance()
            let inside = next.map { instances[$0].next } ?? .distantFuture
            let timer = group.nextWakeup ?? .distantFuture
            let outside = upcoming?.at ?? .distantFuture
            if let next, inside <= outside, inside <= timer {
                try advance(next, observer)
            } else if let stimulus = upcoming, outside <= timer {
                upcoming = iterator.next()
                try apply(stimulus.truthful(before: upcoming), observer)
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
        guard group.queuedRequests == 0 else {
            throw VirtualServer.Stuck(
                description: "\(group.queuedRequests) requests wait for nothing")
        }
        outcome.end = now
        outcome.peakBytes = group.ledger.peak
        series?.close(at: now)
        return outcome
    }

    private func nextInstance() -> Int? {
        var next: Int?
        for index in instances.indices where instances[index].next != .distantFuture {
            if next.map({ instances[index].next < instances[$0].next }) ?? true { next = index }
        }
        return next
    }

    // MARK: Events

    private mutating func apply(_ stimulus: GroupStimulus, _ observer: Observer?) throws {
        now = max(now, stimulus.at)
        switch stimulus.kind {
        case .arrive(let model, let arrival):
            note(model.rawValue, arrival)
            try feed(.arrived(model, arrival), observer)
        case .cancel(let model, let id): try feed(.cancelled(model, id), observer)
        case .lose(let device): try feed(.deviceLost(device), observer)
        case .restore(let device): try feed(.deviceReady(device), observer)
        case .drain: try feed(.draining, observer)
        }
    }

    private mutating func note(_ model: Int, _ arrival: Arrival) {
        let last = outcome.models[model].classes.count - 1
        let index = min(arrival.priorityClass.rawValue, last)
        let isCounted = now >= options.measuredFrom
        if isCounted {
            outcome.models[model].classes[index].arrived += 1
            outcome.models[model].lastArrival = now
        }
        records[model].insert(
            RequestWindow.Record(
                id: arrival.id.rawValue, arrival: now, deadline: arrival.deadline,
                priorityClass: Int32(index), isCounted: isCounted, isLive: true))
    }

    /// Lets an instance finish its batch or its load.
    private mutating func advance(_ index: Int, _ observer: Observer?) throws {
        now = max(now, instances[index].next)
        let model = instances[index].model
        let id = instances[index].id
        guard instances[index].end <= instances[index].loadEnd else {
            instances[index].loadEnd = .distantFuture
            let fails = instances[index].loadFails
            return try feed(fails ? .loadFailed(model, id) : .loaded(model, id), observer)
        }
        instances[index].end = .distantFuture
        running -= instances[index].riders.count
        for rider in instances[index].riders {
            guard let record = records[model.rawValue].remove(rider), record.isCounted else {
                continue
            }
            let place = Int(record.priorityClass)
            if instances[index].result == .success {
                outcome.models[model.rawValue].classes[place].note(
                    latency: record.arrival.interval(to: now), isInTime: now <= record.deadline)
            } else {
                outcome.models[model.rawValue].classes[place].failed += 1
            }
        }
        instances[index].riders.removeAll(keepingCapacity: true)
        try feed(.completed(model, id, instances[index].result), observer)
    }

    private mutating func feed(_ event: GroupEvent, _ observer: Observer?) throws {
        buffer.removeAll()
        group.handle(event, at: now, into: &buffer)
        for index in buffer.actions.indices { perform(buffer.actions[index]) }
        if series != nil {
            series?.note(queued: group.queuedRequests, inFlight: running, at: now)
            series?.note(memoryBytes: group.ledger.used.reduce(0, +), at: now)
        }
        if let observer { try observer(now, event, buffer, group) }
    }

    // MARK: Actions

    private mutating func perform(_ action: GroupAction) {
        switch action {
        case .load(let model, let id):
            let index = firstInstance[model.rawValue] + id.rawValue
            let reload = group.configuration.models[model.rawValue].reload
            instances[index].loadEnd = now + reload
            instances[index].loadFails = instances[index].random.chance(
                options.loadFailureProbability)
            outcome.loads[model.rawValue] += 1
        case .unload(let model, let id):
            instances[firstInstance[model.rawValue] + id.rawValue].loadEnd = .distantFuture
            outcome.unloads[model.rawValue] += 1
        case .model(let model, .launch(let launch)):
            start(launch, of: model.rawValue)
        case .model(let model, .reject(let id, let reason, _)):
            end(id, of: model.rawValue) { $0.note(reason) }
        case .model(let model, .cancelled(let id)):
            end(id, of: model.rawValue) { $0.cancelled += 1 }
        }
    }

    private mutating func end(
        _ id: RequestID, of model: Int, _ note: (inout ClassOutcome) -> Void
    ) {
        guard let record = records[model].remove(id), record.isCounted else { return }
        note(&outcome.models[model].classes[Int(record.priorityClass)])
    }

    private mutating func start(_ launch: Launch, of model: Int) {
        let index = firstInstance[model] + launch.instance.rawValue
        instances[index].riders.append(contentsOf: buffer.members(of: launch))
        running += launch.members.count
        let cost = options.costs[model]
        let sampled = cost.sample(rows: launch.rows, &instances[index].random)
        let duration = max(sampled, Interval(nanoseconds: 1))
        instances[index].end = now + duration
        let fails = instances[index].random.chance(cost.device.failureProbability)
        instances[index].result = fails ? .failure : .success
        for device in instances[index].devices {
            outcome.busy[device] = outcome.busy[device] + duration
        }
        series?.note(batchOf: launch.rows, at: now)
        if now >= options.measuredFrom {
            outcome.models[model].note(
                batchOf: launch.rows, requests: launch.members.count, variant: 0)
        }
    }
}
