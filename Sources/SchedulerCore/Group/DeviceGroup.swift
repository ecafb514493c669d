package import ControlCore
package import ServingModel

/// The machine that decides which of several models runs where and when, on devices that they share.
///
/// It owns one ``Scheduler`` for each model, which queues, admits and forms batches as it would alone,
/// and adds what only the whole can decide: whose turn a free device is, how long a batch may be beside
/// other models' promises, which models are in memory, and when a gang's devices are kept together.
///
/// States of an instance: *absent*, *loading*, *resident*, and resident with a batch. States of a device:
/// *absent*, *free*, *running*, and *held* for a gang whose other devices still run.
///
/// Invariants, checked by ``checkInvariants()``:
/// - G1 the memory ledger equals the sum over weights and running batches, and no device exceeds its
///   capacity (the ledger itself refuses);
/// - G2 a device runs at most one batch, of an instance that is placed on it and resident;
/// - G3 work conservation: no free device that is not held has a resident instance which could run
///   waiting work;
/// - G4 a hold covers all devices of a resident gang with waiting work, and no two holds meet.
package struct DeviceGroup: ~Copyable {
    /// What the group was built with.
    package let configuration: GroupConfiguration

    /// What every device's memory holds. Charged and refunded here only.
    package internal(set) var ledger: MemoryLedger

    let schedulers: UnsafeMutableBufferPointer<Scheduler>
    var models: [ModelState]
    var units: [GroupUnit]
    var devices: [DeviceState]
    /// Turns taken so far.
    var turns: UInt64 = 0
    /// Whether memory or a hold was given back while devices were being served.
    var hasFreed = false
    /// Whether a model gave up requests.
    var hasGivenUp = false
    /// When something that must stay a while may leave, for work that waits for its place.
    var retryAt: Instant?

    /// A group without requests, whose devices are all absent until they report ready.
    package init(_ configuration: GroupConfiguration) {
        let problems = configuration.problems
        precondition(problems.isEmpty, problems.joined(separator: "; "))
        self.configuration = configuration
        ledger = MemoryLedger(capacity: configuration.devices.map(\.memory))
        devices = Array(repeating: DeviceState(), count: configuration.devices.count)
        units = []
        models = []
        schedulers = .allocate(capacity: configuration.models.count)
        for (index, model) in configuration.models.enumerated() {
            var own = model.scheduler
            own.instances = model.placements.count
            own.isArbitrated = true
            schedulers.initializeElement(at: index, to: Scheduler(own))
            let memory = configuration.paging.trafficMemory
            var state = ModelState(
                traffic: DecayedRate(timeConstant: memory),
                missed: DecayedRate(timeConstant: memory), mostRows: .max)
            for (instance, placement) in model.placements.enumerated() {
                let places = placement.map(\.rawValue)
                for place in places {
                    devices[place].units.append(units.count)
                    let room = configuration.devices[place].memory - model.memory.resident
                    state.mostRows = min(state.mostRows, model.memory.rows(within: room))
                }
                state.units.append(units.count)
                units.append(
                    GroupUnit(
                        model: index, instance: InstanceID(instance), devices: places,
                        bytes: model.memory.resident))
            }
            models.append(state)
        }
    }

    deinit {
        schedulers.deinitialize()
        schedulers.deallocate()
    }

    /// Takes one event that happened at `now` and appends what to do about it. `now` must not run
    /// backwards.
    ///
    /// - Complexity: beside what the models' schedulers need, O(units) for each device that is free.
    package mutating func handle(
        _ event: GroupEvent, at now: Instant, into actions: inout GroupActionBuffer
    ) {
        switch event {
        case .arrived(let model, let arrival):
            arrive(model.rawValue, arrival, at: now, into: &actions)
            if arrival.isFollowed { return }
        case .cancelled(let model, let id):
            tell(model.rawValue, .cancelled(id), at: now, into: &actions)
        case .completed(let model, let instance, let result):
            complete(
                models[model.rawValue].units[instance.rawValue], result, at: now, into: &actions)
        case .loaded(let model, let instance):
            loaded(models[model.rawValue].units[instance.rawValue], at: now)
        case .loadFailed(let model, let instance):
            loadFailed(models[model.rawValue].units[instance.rawValue], at: now)
        case .deviceReady(let device):
            ready(device.rawValue, at: now, into: &actions)
        case .deviceLost(let device):
            lose(device.rawValue, at: now, into: &actions)
        case .timerFired:
            for model in models.indices { tell(model, .timerFired, at: now, into: &actions) }
        case .turnedAway(let model, let priorityClass, let rows):
            turnAway(model.rawValue, priorityClass, rows: rows, at: now, into: &actions)
        case .draining:
            for model in models.indices { tell(model, .draining, at: now, into: &actions) }
            return
        }
        settle(at: now, into: &actions)
    }

    /// When something happens by itself: a waiting request has to be given up, or a model has been in
    /// memory long enough to make room. The shell arms one timer for it.
    package var nextWakeup: Instant? {
        var earliest = retryAt
        for model in models.indices {
            guard let wakeup = schedulers[model].nextWakeup else { continue }
            earliest = min(earliest ?? wakeup, wakeup)
        }
        return earliest
    }

    // MARK: Readings

    /// Requests that wait, over all models.
    package var queuedRequests: Int {
        models.indices.reduce(0) { $0 + schedulers[$1].queuedRequests }
    }

    /// Requests of one model that wait.
    package func queuedRequests(of model: ModelIndex) -> Int {
        schedulers[model.rawValue].queuedRequests
    }

    /// The latency model of one model as learnt so far.
    package func latency(of model: ModelIndex) -> LatencyModel {
        schedulers[model.rawValue].latency
    }

    /// Whether an instance is in memory.
    package func isResident(_ model: ModelIndex, _ instance: InstanceID) -> Bool {
        units[models[model.rawValue].units[instance.rawValue]].isResident
    }

    /// The gang that a device is kept for.
    package func hold(on device: DeviceIndex) -> (model: ModelIndex, instance: InstanceID)? {
        devices[device.rawValue].heldFor.map {
            (ModelIndex(units[$0].model), units[$0].instance)
        }
    }

    /// The earliest deadline that a request of one row would make if it arrived at `now`; see
    /// ``Scheduler/earliestDeadline(of:at:)``.
    package func earliestDeadline(
        of model: ModelIndex, _ priorityClass: ClassIndex, at now: Instant
    ) -> Instant {
        schedulers[model.rawValue].earliestDeadline(of: priorityClass, at: now)
    }
}
