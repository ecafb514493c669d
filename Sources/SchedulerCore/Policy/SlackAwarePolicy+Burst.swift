internal import ControlCore

extension SlackAwarePolicy {
    /// Whether overload is so young that it may be over soon, and a batch of `rows` is nearly as
    /// efficient as the largest useful one: then saving the most urgent costs little.
    func isYoungBurst(rows: Int, _ scheduler: borrowing Scheduler) -> Bool {
        guard let burst = scheduler.configuration.burstSplit else { return false }
        let best = latency.throughput(rows: deadlineRows)
        return latency.throughput(rows: rows) >= burst.minEfficiency * best
            && scheduler.shed.value(at: now) < burst.youngShare * totalRate
    }
}
