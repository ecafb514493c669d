package import ControlCore
internal import SchedulerCore
internal import ServingModel

/// The part of a live server that takes sick instances out: batches feed the ``BreakerPanel``, and its
/// decisions reach the scheduler as events.
extension VirtualServer {
    /// The breaker of each instance; empty where there are none.
    package var breakerReadings: [BreakerPanel.Reading] { breakers?.readings ?? [] }

    /// Tells the breakers that a batch starts.
    mutating func watchStart(_ launch: Launch) {
        breakers?.begin(launch.instance, predicted: launch.predicted, at: now)
        let index = launch.instance.rawValue
        devices[index].sickBatches =
            options.faults.contains { $0.concerns(index, at: now) }
            ? devices[index].sickBatches + 1 : 0
    }

    /// Tells the breakers how a batch ended, and the scheduler what they decide.
    mutating func watchEnd(_ index: Int, _ observer: Observer?) throws {
        let instance = InstanceID(index)
        let health: BatchHealth =
            devices[index].result == .success
            ? .answered(
                took: devices[index].start.interval(to: now), predicted: devices[index].predicted)
            : .failed
        if let decision = breakers?.end(instance, health, at: now) {
            if case .isolate = decision { noteIsolation(index) }
            try feed(Event(decision), observer)
        }
    }

    /// Gives up what stalls, tries what may be tried.
    mutating func wakeBreakers(_ observer: Observer?) throws {
        var decisions: [BreakerDecision] = []
        breakers?.wake(at: now, into: &decisions)
        for decision in decisions {
            if case .isolate(let instance, .stalled) = decision {
                noteIsolation(instance.rawValue)
                giveUp(instance.rawValue)
            }
            try feed(Event(decision), observer)
        }
    }

    /// An instance was taken out for the batch that it has, or has just had. A defect counts for a second
    /// longer than it lasts: what it left behind is still being judged.
    private mutating func noteIsolation(_ index: Int) {
        let start = devices[index].start
        let defect = options.faults.firstIndex {
            $0.device == index && $0.from <= start && start < $0.until + .seconds(1)
        }
        outcome.breakers?.note(
            defect.map {
                (
                    $0,
                    BreakerOutcome.Detection(
                        after: options.faults[$0].from.interval(to: now),
                        batches: devices[index].sickBatches)
                )
            })
    }

    /// Answers the riders of a batch that does not end; the device stays occupied until it does.
    private mutating func giveUp(_ index: Int) {
        settle(index, isSuccess: false)
        devices[index].result = .failure
    }
}
