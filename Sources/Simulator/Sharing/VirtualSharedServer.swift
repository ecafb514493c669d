internal import ControlCore
package import SchedulerCore
package import ServingModel

/// A device in virtual time on which the steps of a generator and the batches of other models take turns:
/// the shipping ``SharedDevice``, one quantum at a time, and nothing that waits.
///
/// Events at the same instant are ordered: the end of the quantum, then stimuli in their order, then the
/// timer.
package struct VirtualSharedServer: ~Copyable {
    /// What surrounds the scheduler.
    package struct Options: Sendable {
        /// What a step costs.
        package var step: StepModel
        /// What a batch costs, by model.
        package var batches: [DeviceModel]
        /// Seed of the device's noise and faults.
        package var random: Seeded
        /// Requests that arrive before this are served but not counted.
        package var measuredFrom = Instant.origin
        /// Tokens that come from then on are not counted as throughput.
        package var measuredUntil = Instant.distantFuture
        /// More events than any run needs: a run that exceeds them does not end.
        package var maxEvents = 4_000_000_000

        /// A device; the rest by default.
        package init(step: StepModel, batches: [DeviceModel], _ random: Seeded) {
            self.step = step
            self.batches = batches
            self.random = random
        }
    }

    /// What came of the models that batch, by model.
    package private(set) var batches: [Outcome]

    /// What came of the generator.
    package var generation: GenerationOutcome { clients.outcome }

    private let options: Options
    private var device: SharedDevice
    private var actions = SharedDeviceActions()
    private var clients: GenerationClients
    private var records: [RequestWindow]
    private var stepRandom: Seeded
    private var batchRandom: [Seeded]
    private var quantum: Quantum?
    private var now = Instant.origin

    /// What runs.
    private struct Quantum {
        var end: Instant
        var fails: Bool
        /// The model that batches; `nil` for a step.
        var model: Int?
        var items: [StepItem] = []
        var riders: [RequestID] = []
    }

    /// A server whose device becomes ready at the origin.
    package init(
        generation: GenerationConfiguration, batches: [SchedulerConfiguration],
        rule: DeviceTurns.Rule = .claims, _ options: Options
    ) {
        precondition(options.batches.count == batches.count, "one cost per model")
        self.options = options
        self.batches = batches.map {
            Outcome(classes: $0.classes.count, measuredFrom: options.measuredFrom)
        }
        device = SharedDevice(generation: generation, batches: batches, rule: rule)
        clients = GenerationClients(
            classes: generation.classes.count, measuredFrom: options.measuredFrom,
            measuredUntil: options.measuredUntil)
        records = batches.map { _ in RequestWindow() }
        stepRandom = options.random.split("device 0")
        batchRandom = batches.indices.map { options.random.split("model \($0) on device 0") }
    }

    /// Runs until the stimuli are used up and nothing waits or runs any more.
    package mutating func run(_ stimuli: some Sequence<SharedStimulus>) throws {
        feed(.deviceReady)
        var iterator = stimuli.makeIterator()
        var upcoming = iterator.next()
        var events = 0
        while true {
            let end = quantum?.end ?? .distantFuture
            let timer = device.nextWakeup ?? .distantFuture
            let outside = upcoming?.at ?? .distantFuture
            if quantum != nil, end <= outside, end <= timer {
                complete()
            } else if let stimulus = upcoming, outside <= timer {
                upcoming = iterator.next()
                apply(stimulus.truthful(before: upcoming))
            } else if timer != .distantFuture {
                now = max(now, timer)
                feed(.timerFired)
            } else {
                break
            }
            events += 1
            guard events <= options.maxEvents else {
                throw VirtualServer.Stuck(
                    description: "still busy at \(now) after \(events) events")
            }
        }
        let waiting = batches.indices.reduce(clients.count) {
            $0 + device.queuedRequests(of: ModelIndex($1))
        }
        guard waiting == 0 else {
            throw VirtualServer.Stuck(description: "\(waiting) requests wait for nothing")
        }
        clients.close(at: now)
        for model in batches.indices { batches[model].end = now }
    }

    // MARK: Events

    private mutating func apply(_ stimulus: SharedStimulus) {
        now = max(now, stimulus.at)
        switch stimulus {
        case .text(let stimulus):
            switch stimulus.kind {
            case .arrive(let arrival, let newTokens):
                clients.note(arrival, newTokens: newTokens, at: now)
                feed(.generation(.arrived(arrival)))
            case .cancel(let id): feed(.generation(.cancelled(id)))
            case .lose:
                // A step is lost with the device; a batch still completes.
                if let running = quantum, running.model == nil { quantum = nil }
                feed(.deviceLost)
            case .restore: feed(.deviceReady)
            case .drain: feed(.draining)
            }
        case .batch(let stimulus):
            switch stimulus.kind {
            case .arrive(let model, let arrival):
                note(model.rawValue, arrival)
                feed(.batch(model, .arrived(arrival)))
            case .cancel(let model, let id): feed(.batch(model, .cancelled(id)))
            case .lose, .restore, .drain: break
            }
        }
    }

    private mutating func note(_ model: Int, _ arrival: Arrival) {
        let index = min(arrival.priorityClass.rawValue, batches[model].classes.count - 1)
        let isCounted = now >= options.measuredFrom
        if isCounted {
            batches[model].classes[index].arrived += 1
            batches[model].lastArrival = now
        }
        records[model].insert(
            RequestWindow.Record(
                id: arrival.id.rawValue, arrival: now, deadline: arrival.deadline,
                priorityClass: Int32(index), isCounted: isCounted, isLive: true))
    }

    /// The quantum ends.
    private mutating func complete() {
        guard let ended = quantum else { return }
        now = max(now, ended.end)
        quantum = nil
        guard let model = ended.model else {
            if !ended.fails {
                for item in ended.items where clients.take(item, at: now) {
                    feed(.generation(.finished(item.request)))
                }
            }
            return feed(.generation(.stepped(ended.fails ? .failure : .success)))
        }
        for rider in ended.riders {
            guard let record = records[model].remove(rider), record.isCounted else { continue }
            let place = Int(record.priorityClass)
            if ended.fails {
                batches[model].classes[place].failed += 1
            } else {
                batches[model].classes[place].note(
                    latency: record.arrival.interval(to: now), isInTime: now <= record.deadline)
            }
        }
        feed(
            .batch(
                ModelIndex(model), .completed(InstanceID(0), ended.fails ? .failure : .success)))
    }

    private mutating func feed(_ event: SharedDeviceEvent) {
        actions.removeAll()
        device.handle(event, at: now, into: &actions)
        for action in actions.generation.actions {
            clients.note(action)
            if case .step(let plan) = action { start(plan) }
        }
        for action in actions.batches.actions { perform(action) }
        clients.note(keyValueTokens: device.generation.keyValueTokens)
    }

    // MARK: Actions

    private mutating func perform(_ action: GroupAction) {
        guard case .model(let model, let action) = action else { return }
        switch action {
        case .launch(let launch): start(launch, of: model.rawValue)
        case .reject(let id, let reason, _): end(id, of: model.rawValue) { $0.note(reason) }
        case .cancelled(let id): end(id, of: model.rawValue) { $0.cancelled += 1 }
        }
    }

    private mutating func end(
        _ id: RequestID, of model: Int, _ note: (inout ClassOutcome) -> Void
    ) {
        guard let record = records[model].remove(id), record.isCounted else { return }
        note(&batches[model].classes[Int(record.priorityClass)])
    }

    private mutating func start(_ plan: StepPlan) {
        precondition(quantum == nil, "a step starts beside another quantum")
        let items = Array(actions.generation.items(of: plan))
        for item in items { clients.noteStart(of: item) }
        let tokens = plan.decodes + plan.prefillTokens
        let duration = options.step.sample(
            tokens: tokens, context: plan.keyValueTokens, &stepRandom)
        let fails = stepRandom.chance(options.step.device.failureProbability)
        quantum = Quantum(end: now + duration, fails: fails, model: nil, items: items)
        clients.noteStep(of: tokens, taking: duration, at: now)
    }

    private mutating func start(_ launch: Launch, of model: Int) {
        precondition(quantum == nil, "a batch starts beside another quantum")
        let cost = options.batches[model]
        let duration = max(
            cost.sample(rows: launch.rows, &batchRandom[model]), Interval(nanoseconds: 1))
        let fails = batchRandom[model].chance(cost.failureProbability)
        quantum = Quantum(
            end: now + duration, fails: fails, model: model,
            riders: Array(actions.batches.members(of: launch)))
        if now >= options.measuredFrom {
            batches[model].note(batchOf: launch.rows, requests: launch.members.count, variant: 0)
        }
    }
}
