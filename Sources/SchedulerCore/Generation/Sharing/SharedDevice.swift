internal import ControlCore
package import ServingModel

/// The machine of a device on which steps of one generator and batches of other models take turns, such as
/// a language model and the model that embeds the texts which it is asked about.
///
/// It owns a ``GenerationScheduler`` and a ``Scheduler`` for each other model, all *arbitrated*: they queue,
/// admit and form steps and batches as they would alone, and start one only when ``DeviceTurns`` gives them
/// a turn, within the time that the turn allows.
///
/// Invariants, checked by ``checkInvariants()``:
/// - D1 the device runs at most one quantum;
/// - D2 work conservation: a device that is present and free has no work.
package struct SharedDevice: ~Copyable {
    /// The generator.
    package private(set) var generation: GenerationScheduler

    private let schedulers: UnsafeMutableBufferPointer<Scheduler>
    private var turns: DeviceTurns
    private var running: Quantum?
    private var freeAt = Instant.origin
    private var isPresent = false

    private enum Quantum: Equatable {
        case step
        case batch(Int)
    }

    /// A device that is absent until it reports ready. Each model has one instance on it.
    package init(
        generation: GenerationConfiguration, batches: [SchedulerConfiguration],
        rule: DeviceTurns.Rule = .claims
    ) {
        turns = DeviceTurns(rule)
        var own = generation
        own.isArbitrated = true
        self.generation = GenerationScheduler(own)
        schedulers = .allocate(capacity: batches.count)
        for (index, batch) in batches.enumerated() {
            var own = batch
            own.instances = 1
            own.isArbitrated = true
            schedulers.initializeElement(at: index, to: Scheduler(own))
        }
    }

    deinit {
        schedulers.deinitialize()
        schedulers.deallocate()
    }

    /// Takes one event that happened at `now` and appends what to do about it. `now` must not run
    /// backwards.
    package mutating func handle(
        _ event: SharedDeviceEvent, at now: Instant, into actions: inout SharedDeviceActions
    ) {
        switch event {
        case .generation(let event):
            if case .stepped = event {
                precondition(running == .step, "a step came back that was not in flight")
                running = nil
            }
            tell(event, at: now, into: &actions)
        case .batch(let model, let event):
            takeBatch(model.rawValue, event, at: now, into: &actions)
            if case .arrived(let arrival) = event, arrival.isFollowed { return }
        case .deviceReady:
            isPresent = true
            tell(.deviceReady, at: now, into: &actions)
            tellAll(.instanceReady(InstanceID(0)), at: now, into: &actions)
        case .deviceLost:
            isPresent = false
            if running == .step { running = nil }
            tell(.deviceLost, at: now, into: &actions)
            tellAll(.instanceLost(InstanceID(0)), at: now, into: &actions)
        case .timerFired:
            tell(.timerFired, at: now, into: &actions)
            tellAll(.timerFired, at: now, into: &actions)
        case .draining:
            tell(.draining, at: now, into: &actions)
            tellAll(.draining, at: now, into: &actions)
        }
        settle(at: now, into: &actions)
    }

    /// When a waiting request will have to be given up, unless something happens before.
    package var nextWakeup: Instant? {
        var earliest = generation.nextWakeup
        for model in schedulers.indices {
            guard let wakeup = schedulers[model].nextWakeup else { continue }
            earliest = min(earliest ?? wakeup, wakeup)
        }
        return earliest
    }

    /// Requests that wait for a batch of a model.
    package func queuedRequests(of model: ModelIndex) -> Int {
        schedulers[model.rawValue].queuedRequests
    }

    /// Traps when an invariant does not hold.
    package func checkInvariants() {
        generation.checkInvariants()
        for model in schedulers.indices { schedulers[model].checkInvariants() }
        guard isPresent, running == nil else { return }
        let isEmpty = generation.waiting + generation.running == 0
        precondition(isEmpty, "D2: the device idles beside the generator's requests")
        for model in schedulers.indices {
            precondition(
                schedulers[model].queuedRequests == 0, "D2: the device idles beside model \(model)")
        }
    }

    // MARK: Turns

    private mutating func settle(at now: Instant, into actions: inout SharedDeviceActions) {
        // Whoever has a turn and no use for it, because what waited was given up, has no claim after it.
        while isPresent, running == nil {
            let batch = mostUrgentBatch(at: now, into: &actions)
            let step = generation.claim(at: now)
            guard let turn = turns.next(step: step, batch: batch?.claim.claim, at: now) else {
                return
            }
            if turn.party == .step {
                tell(.granted(longest: turn.longest), at: now, into: &actions)
            } else if let (model, claim) = batch {
                let grant = schedulers[model].grant(claim, within: turn.longest)
                tell(model, .granted(InstanceID(0), grant), at: now, into: &actions)
            }
        }
    }

    private mutating func mostUrgentBatch(
        at now: Instant, into actions: inout SharedDeviceActions
    ) -> (model: Int, claim: BatchClaim)? {
        var best: (model: Int, claim: BatchClaim)?
        for model in schedulers.indices where schedulers[model].queuedRequests > 0 {
            tell(model, .timerFired, at: now, into: &actions)
            guard let claim = schedulers[model].claim(at: now) else { continue }
            if best.map({ claim.precedes($0.claim) }) ?? true { best = (model, claim) }
        }
        return best
    }

    // MARK: Passing on

    private mutating func takeBatch(
        _ model: Int, _ event: Event, at now: Instant, into actions: inout SharedDeviceActions
    ) {
        switch event {
        case .arrived:
            // When it could start at the earliest, for what is refused at arrival.
            tell(
                model, .held(InstanceID(0), until: running == nil ? now : max(now, freeAt)),
                at: now, into: &actions)
        case .completed:
            precondition(running == .batch(model), "model \(model) completed no batch")
            running = nil
        default: break
        }
        tell(model, event, at: now, into: &actions)
    }

    private mutating func tell(
        _ event: GenerationEvent, at now: Instant, into actions: inout SharedDeviceActions
    ) {
        let before = actions.generation.actions.count
        generation.handle(event, at: now, into: &actions.generation)
        for action in actions.generation.actions[before...] {
            guard case .step(let plan) = action else { continue }
            precondition(running == nil, "D1: a step beside another quantum")
            running = .step
            freeAt = now + plan.predicted
        }
    }

    private mutating func tellAll(
        _ event: Event, at now: Instant, into actions: inout SharedDeviceActions
    ) {
        for model in schedulers.indices { tell(model, event, at: now, into: &actions) }
    }

    private mutating func tell(
        _ model: Int, _ event: Event, at now: Instant, into actions: inout SharedDeviceActions
    ) {
        precondition(schedulers.indices.contains(model), "there is no model \(model)")
        let scheduler = schedulers.baseAddress?.advanced(by: model)
        scheduler?.pointee.handle(event, at: now, into: &actions.batches.inner)
        for action in actions.batches.inner.actions {
            if case .launch(let launch) = action {
                precondition(running == nil, "D1: a batch beside another quantum")
                running = .batch(model)
                freeAt = now + launch.predicted
            }
            actions.batches.append(.model(ModelIndex(model), action))
        }
        actions.batches.inner.removeActions()
    }
}

/// Everything that can happen to a ``SharedDevice``.
package enum SharedDeviceEvent: Sendable, Equatable {
    /// Something about the generator's requests or its step.
    case generation(GenerationEvent)
    /// Something about a model's requests or its batch.
    case batch(ModelIndex, Event)
    /// The device can run, for the first time or again.
    case deviceReady
    /// The device is gone. A step in flight is lost with it; a batch still completes.
    case deviceLost
    /// The wake-up asked for by ``SharedDevice/nextWakeup``.
    case timerFired
    /// No further arrivals are accepted; what waits or runs is still served.
    case draining
}

/// Actions of one or more events; reused by the shell so that an event allocates nothing. What the generator
/// and what the models decide is carried out in the order of each.
package struct SharedDeviceActions: Sendable, Equatable {
    /// What the generator decided.
    package var generation = GenerationActions()
    /// What the models decided.
    package var batches = GroupActionBuffer()

    /// An empty buffer.
    package init() {}

    /// Empties the buffer and keeps its memory.
    package mutating func removeAll() {
        generation.removeAll()
        batches.removeAll()
    }
}
