package import ServingModel

/// `window`: a batch leaves when it is full or when its oldest request has waited for a window, whose
/// length follows the latency.
///
/// Source: the adaptive batching of the project's brief: 50 ms at first, 10 to 100 ms, re-evaluated
/// after every 10 batches; when the mean latency of those is beyond 1.2 times the exponentially
/// smoothed one, the window shrinks by that factor, else it grows by it. Classes share a batch by
/// weight, and take it over at its boundary.
///
/// What the brief leaves open, as coded here: the latency of a batch is counted from the arrival of its
/// oldest request to its end; the first evaluation only sets the smoothed latency; parts of a batch
/// that a class does not fill go to the others, most important first.
struct WindowPolicy: BaselinePolicy {
    let order = QueueOrder.classThenArrival
    private let settings: WindowSettings
    private let maxRows: Int

    /// The present window.
    private(set) var window: Interval
    private var smoothed = 0.0
    private var sum = 0.0
    private var batches = 0

    init(_ settings: WindowSettings, _ configuration: SchedulerConfiguration) {
        self.settings = settings
        maxRows = configuration.maxRows(settings.maxBatch)
        window = settings.window
    }

    func decide(
        _ scheduler: borrowing Scheduler, bucket: Int, hasIdle: Bool, at now: Instant
    ) -> BaselineDecision {
        let closes = scheduler.oldestArrival(bucket) + window
        if scheduler.waitingRows(bucket) >= maxRows || closes <= now {
            return .launchWeighted(rows: maxRows, weights: settings.weights)
        }
        return .wait(until: closes)
    }

    mutating func observe(_ batch: FinishedBatch) {
        sum += (batch.waited + batch.took).milliseconds
        batches += 1
        guard batches >= settings.every else { return }
        evaluate(sum / Double(batches))
        sum = 0
        batches = 0
    }

    private mutating func evaluate(_ latency: Double) {
        guard smoothed > 0 else {
            smoothed = latency
            return
        }
        let isSlow = latency > settings.factor * smoothed
        let scaled = window.milliseconds * (isSlow ? 1 / settings.factor : settings.factor)
        window = min(max(Interval(milliseconds: scaled), settings.shortest), settings.longest)
        smoothed += settings.smoothing * (latency - smoothed)
    }
}

extension Scheduler {
    /// How long a batch waits at most for company, where the policy adapts that.
    package var batchingWindow: Interval? { (baseline as? WindowPolicy)?.window }
}
