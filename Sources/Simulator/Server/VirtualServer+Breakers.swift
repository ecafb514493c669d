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
            try feed(Event(decision), observer)
        }
    }

    /// Gives up what stalls, tries what may be tried.
    mutating func wakeBreakers(_ observer: Observer?) throws {
        var decisions: [BreakerDecision] = []
        breakers?.wake(at: now, into: &decisions)
        for decision in decisions {
            if case .isolate(let instance, .stalled) = decision { giveUp(instance.rawValue) }
            try feed(Event(decision), observer)
        }
    }

    /// Answers the riders of a batch that does not end; the device stays occupied until it does.
    private mutating func giveUp(_ index: Int) {
        settle(index, isSuccess: false)
        devices[index].result = .failure
    }
}
