internal import ControlCore
internal import SchedulerCore
internal import ServingModel

/// Moments in which an instance lets the clients that it has just answered ask again; ADR 0024. To the
/// scheduler the instance is busy meanwhile.
extension Funnel {
    /// How long an instance that has answered `rows` shall wait at the most; `nil` for not at all. Ends with
    /// ``endGathering(_:)``, sooner when ``Work/gathered`` names it.
    mutating func beginGathering(_ instance: InstanceID, answered rows: Int) -> Interval? {
        guard gathering == nil else { return nil }
        let limit = scheduler.configuration.maxBatchRows
        let waiting = scheduler.queuedRows
        let pause = window.begin(
            answered: rows, waiting: waiting, limit: limit,
            single: scheduler.latency.latency(rows: 1),
            whole: scheduler.latency.latency(rows: min(waiting + rows, limit)))
        guard let pause else { return nil }
        gathering = (instance, pause.rows)
        return pause.longest
    }

    /// The instance goes on.
    mutating func endGathering(_ instance: InstanceID) {
        guard gathering?.instance == instance else { return }
        gathering = nil
        window.end(waiting: scheduler.queuedRows)
    }

    /// Tells once when as many wait as an instance waits for.
    mutating func tendGathering(_ work: inout Work) {
        guard let (instance, rows) = gathering, scheduler.queuedRows >= rows else { return }
        gathering = (instance, .max)
        work.gathered = instance
    }
}
