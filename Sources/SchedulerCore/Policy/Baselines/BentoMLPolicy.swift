internal import ControlCore
internal import ServingModel

/// `bentoml`: BentoML's adaptive micro-batching, the cork dispatcher.
///
/// Source: bentoml/BentoML, `_internal/marshal/dispatcher.py` (`CorkDispatcher`, `Optimizer`). As coded
/// there, with `n` waiting, `w0` and `wn` the ages of the oldest and the newest, and a call expected to
/// take `a n + b`:
/// - `n > 1` and `w0 + a n + b` at or beyond the latency limit: cancel the oldest, whether or not a
///   call is running;
/// - a call is running: cancel a lone request that is over the limit, else wait;
/// - fewer than the largest batch and `n (wn + tick + a)` at most 0.95 times the mean wait: wait for
///   company;
/// - else call, with the *newest* requests, staying *below* the largest batch.
///
/// `a` and `b` are the least squares of the last 50 calls, the mean wait that of their oldest requests,
/// renewed every 5 seconds.
///
/// Ours differs: the estimates start from the profile of the configuration instead of the source's three
/// training calls; where the source looks at its queue once in a tick, ours looks when something happens
/// or the answer changes; `n` counts rows, and the rows of a batch are summed over those that ride
/// (the source sums over the oldest and then takes the newest).
struct BentoMLPolicy: BaselinePolicy {
    let order = QueueOrder.arrival
    let looksWhileBusy = true
    private let settings: BentoMLSettings
    private let maxRows: Int
    private let maxLatency: Double

    /// Milliseconds per row, per call, and of waiting.
    private(set) var perRow: Double
    private(set) var base: Double
    private(set) var wait: Double

    private struct Call {
        var rows: Double
        var took: Double
        var waited: Double
    }

    private var calls: [Call] = []
    private var next = 0
    private var renewed = Instant.origin

    init(_ settings: BentoMLSettings, _ configuration: SchedulerConfiguration) {
        self.settings = settings
        maxRows = max(configuration.maxRows(settings.maxBatch), 2)
        let limit = settings.maxLatency ?? configuration.shortestDeadline
        maxLatency = limit.milliseconds
        let one = configuration.latency.profile(rows: 1)
        let many = configuration.latency.profile(rows: 1 + configuration.latency.tile)
        perRow = max((many - one) / Double(configuration.latency.tile), 1e-6)
        base = max(one - perRow, 0)
        wait = settings.wait.milliseconds
        calls.reserveCapacity(settings.keptCalls)
    }

    func decide(
        _ scheduler: borrowing Scheduler, bucket: Int, hasIdle: Bool, at now: Instant
    ) -> BaselineDecision {
        let rows = scheduler.waitingRows(bucket)
        let isAlone = scheduler.buckets[bucket].count == 1
        let oldest = scheduler.oldestArrival(bucket)
        // Rounded up, so that looking again at that time finds it reached.
        let left = isAlone ? maxLatency : maxLatency - perRow * Double(rows) - base
        let over = oldest + Interval(milliseconds: left)
        if isAlone ? !hasIdle && over <= now : left <= 0 || over <= now {
            return .giveUpFirst(queue: 0)
        }
        guard hasIdle else { return .wait(until: over) }
        let newest = scheduler.lastRequest(bucket).arrival
        let tick = settings.tick.milliseconds
        let patience = wait * settings.decay / Double(rows) - tick - perRow
        let released = newest + Interval(milliseconds: patience)
        if rows < maxRows, patience > 0, released > now {
            return .wait(until: isAlone ? released : min(released, over))
        }
        return .launchNewest(rows: maxRows - 1)
    }

    mutating func observe(_ batch: FinishedBatch) {
        let call = Call(
            rows: Double(batch.rows), took: batch.took.milliseconds,
            waited: batch.waited.milliseconds)
        if calls.count < settings.keptCalls {
            calls.append(call)
        } else {
            calls[next] = call
            next = (next + 1) % calls.count
        }
        guard renewed.interval(to: batch.end) >= settings.refresh, calls.count > 1 else { return }
        renewed = batch.end
        renew()
    }

    private mutating func renew() {
        let count = Double(calls.count)
        var rows = 0.0
        var took = 0.0
        var waited = 0.0
        for call in calls {
            rows += call.rows / count
            took += call.took / count
            waited += call.waited / count
        }
        var variance = 0.0
        var covariance = 0.0
        for call in calls {
            variance += (call.rows - rows) * (call.rows - rows)
            covariance += (call.rows - rows) * (call.took - took)
        }
        // Calls of one size determine no line; the source's solver then answers the one of least norm.
        let slope = variance > 0 ? covariance / variance : rows * took / (rows * rows + 1)
        perRow = max(slope, 0.001)
        base = max(took - slope * rows, 0)
        wait = max(waited, 0)
    }
}
