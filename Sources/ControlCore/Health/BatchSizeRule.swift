internal import ServingModel

/// Low utilisation while work waits: larger batches.
///
/// The size of a batch is the scheduler's to find, from what waits and when it is due. The one thing that
/// can keep it small for no good reason any more is a limit that was learnt when the memory was short. So
/// that is what the rule raises, by half at a time, while the memory is not; where the larger batch does
/// not fit, the limit falls back by itself, and the next try comes later.
struct BatchSizeRule: Sendable, Equatable {
    /// What the limit was raised to last; 0 where that did not fit.
    private var raisedTo = 0
    private var raisedAt: Instant?
    /// Tries in a row that did not fit.
    private var failures = 0

    mutating func decide(
        _ sample: HealthSample, _ settings: HealthSettings, at now: Instant
    ) -> HealthChange? {
        if sample.rows < raisedTo {
            failures += 1
            raisedTo = 0
        }
        guard sample.rows < sample.widestRows else {
            failures = 0
            return nil
        }
        guard sample.leavesWork, sample.utilization < settings.leastUtilization,
            sample.memory ?? 0 < settings.calmMemory,
            raisedAt.map({ $0.interval(to: now) >= pause(settings) }) ?? true
        else { return nil }
        if raisedTo > 0 { failures = 0 }
        let grown = Int((Double(sample.rows) * settings.batchGrowth).rounded(.down))
        let rows = min(max(grown, sample.rows + 1), sample.widestRows)
        raisedTo = rows
        raisedAt = now
        return HealthChange(.batches, .rows(rows), figure: sample.utilization)
    }

    private func pause(_ settings: HealthSettings) -> Interval {
        var pause = settings.batchPause
        for _ in 0..<min(failures, 63) where pause < settings.longestBatchPause {
            pause = pause * 2
        }
        return min(pause, settings.longestBatchPause)
    }
}
