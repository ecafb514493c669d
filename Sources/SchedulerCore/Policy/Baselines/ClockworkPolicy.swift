internal import ServingModel

/// `clockwork`: a queue for each compiled batch size; only full batches run.
///
/// Source: Clockwork (Gujarati et al., OSDI 2020), `src/clockwork/controller/infer5/infer5_scheduler.cpp`
/// (`Model::try_dequeue`). As coded there: a request joins the queue of every batch size 1, 2, 4 ...; it
/// leaves the queue of a size when a batch of that size could no longer end by its deadline. A free
/// device goes up the sizes as long as the next queue holds a full batch, runs one of the size it
/// reached, and takes all requests up to the last one that rides out of all queues: those which were too
/// late for that size are lost. The estimate of a size is the 99th percentile of its last 10
/// measurements.
///
/// Ours differs: requests of one model wait by deadline, which for equal relative deadlines is the
/// source's order of arrival; the margin to the deadline is the configuration's guard interval, not 5 ms
/// for a network; work is not sent ahead of the device being free. A size whose estimate a stall has
/// raised beyond every deadline is not measured again, as in the source.
struct ClockworkPolicy: BaselinePolicy {
    let order = QueueOrder.deadline
    private let sizes: [Int]
    private let guardInterval: Interval
    private let history: Int
    private let percentile: Double
    private var estimates: [Interval]
    /// `history` measurements per size, and how many there have been.
    private var measurements: [Interval]
    private var counts: [Int]

    init(_ settings: ClockworkSettings, _ configuration: SchedulerConfiguration) {
        let maxRows = configuration.maxRows(settings.maxBatch)
        var sizes = settings.sizes.filter { $0 <= maxRows }
        if sizes.isEmpty {
            var size = 1
            while size <= maxRows {
                sizes.append(size)
                size *= 2
            }
        }
        self.sizes = sizes
        guardInterval = configuration.guardInterval
        history = settings.history
        percentile = settings.percentile
        estimates = sizes.map {
            Interval(
                milliseconds: settings.initialMargin * configuration.latency.profile(rows: $0))
        }
        measurements = Array(repeating: .zero, count: sizes.count * settings.history)
        counts = Array(repeating: 0, count: sizes.count)
    }

    func decide(
        _ scheduler: borrowing Scheduler, bucket: Int, hasIdle: Bool, at now: Instant
    ) -> BaselineDecision {
        var chosen = 0
        while chosen + 1 < sizes.count,
            scheduler.waitingRows(bucket, dueFrom: end(of: chosen + 1, at: now))
                >= sizes[chosen + 1]
        {
            chosen += 1
        }
        let isLate = scheduler.firstRequest(bucket).deadline < end(of: chosen, at: now)
        return isLate ? .giveUpFirst(queue: 0) : .launch(rows: sizes[chosen])
    }

    private func end(of index: Int, at now: Instant) -> Instant {
        now + estimates[index] + guardInterval
    }

    mutating func observe(_ batch: FinishedBatch) {
        guard let index = sizes.firstIndex(of: batch.rows) else { return }
        let start = index * history
        measurements[start + counts[index] % history] = batch.took
        counts[index] += 1
        let kept = min(counts[index], history)
        let rank = min(max(Int((percentile * Double(kept)).rounded(.up)), 1), kept)
        // The measurement that `rank` of them do not exceed; few are kept, so no order is maintained.
        var estimate = Interval.never
        for candidate in start..<start + kept {
            let within = (start..<start + kept).count {
                measurements[$0] <= measurements[candidate]
            }
            if within >= rank { estimate = min(estimate, measurements[candidate]) }
        }
        estimates[index] = estimate
    }
}
