package import ControlCore
internal import SchedulerCore
internal import ServingModel

/// The part of a live server that keeps the health rules: a sample each second, and their changes on their
/// way to the scheduler as events.
extension VirtualServer {
    /// The health rules, where there are any.
    package var health: HealthController? { watch.controller }

    /// Does what the time asks for: the process comes back, or the rules get their sample.
    mutating func tendHealth(_ observer: Observer?) throws {
        if watch.backAt <= now {
            watch.begin(at: now)
            for index in devices.indices { try feed(.instanceReady(InstanceID(index)), observer) }
        }
        guard watch.nextLook <= now, let settings = watch.controller?.settings else { return }
        for change in watch.look(&scheduler, running: running, at: now) {
            outcome.healthChanges.append(Outcome.HealthNote(at: now, change))
            if !settings.isDryRun { try feed(Event(change.decision), observer) }
        }
        noteSettings()
    }

    /// Ends the process where it has too much.
    mutating func watchMemory(_ observer: Observer?) throws {
        let requests = scheduler.queuedRequests + running
        if watch.exceedsMemory(requests: requests, at: now) { try endProcess(observer) }
        noteSettings()
    }

    /// The process has more memory than it may: everything that it held is lost, and it comes back later.
    mutating func endProcess(_ observer: Observer?) throws {
        outcome.processEnds += 1
        watch.end(at: now)
        for index in devices.indices {
            settle(index, isSuccess: false)
            devices[index].result = .failure
            try feed(.instanceLost(InstanceID(index)), observer)
        }
    }

    /// Writes down what the rules have set, and the memory.
    mutating func noteSettings() {
        let configuration = scheduler.configuration
        if let controller = watch.controller, controls != nil {
            controls?.note(
                .waitingRequests, "limit", Double(configuration.maxQueuedRequests), at: now)
            controls?.note(.batchRows, "limit", Double(configuration.maxBatchRows), at: now)
            controls?.note(
                .preferredVariant, "preferred", Double(controller.preferredVariant.rawValue),
                at: now)
        }
        if watch.memory != nil {
            let used = watch.used(requests: scheduler.queuedRequests + running, at: now)
            series?.note(memoryBytes: Int(used * 1_048_576), at: now)
        }
    }

    /// A batch that starts while memory is short: halved until it fits, one part after the other; answers
    /// how long it takes.
    mutating func squeezed(_ launch: Launch, _ duration: Interval) -> Interval {
        let index = launch.instance.rawValue
        devices[index].fittingRows = nil
        let most = options.squeezes.filter { $0.holds(at: now) }.map(\.rows).min() ?? .max
        guard launch.rows > most else { return duration }
        var part = launch.rows
        var parts = 1
        while part > most, part > 1 {
            part = (part + 1) / 2
            parts *= 2
        }
        devices[index].fittingRows = part
        let model = devices[index].model
        return Interval(milliseconds: model.mean(rows: part)) * UInt64(parts)
    }
}
