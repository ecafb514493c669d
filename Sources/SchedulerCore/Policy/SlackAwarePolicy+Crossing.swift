internal import ControlCore
package import ServingModel

/// How large a batch must be when the head of the queue has to be given up.
///
/// Giving up heads pays for a longer batch, and a longer batch pays only as long as more work comes than
/// shorter ones can take. So the traffic of the last moments decides, not that of the last 100 ms: when a
/// burst is over, or was a single clump, the smallest batch that keeps up loses the fewest of those
/// that the burst left behind. The gains are in `docs/adr/0009-crossing-no-further-than-needed.md`.
extension SlackAwarePolicy {
    /// The smallest batch that keeps up with the recent traffic of a class and all more important ones,
    /// with a tenth to spare; all rows there are when none does.
    func rowsKeepingUp(_ index: Int, _ scheduler: borrowing Scheduler) -> Int {
        var rate = 0.0
        for upTo in 0...index { rate += scheduler.classes[upTo].recentArrivals.value(at: now) }
        // So few arrivals are counted that their number is uncertain by its root: assume the upper end.
        let window = 2 * scheduler.classes[0].recentArrivals.timeConstant
        rate = (rate + (rate / window).squareRoot()) / Double(serving)
        guard rate * latency.perRow * latency.margin < 1 else { return .max }
        let rows = min((1.1 * latency.stableRows(rate: rate)).rounded(.up), 1e9)
        let tile = latency.tile
        return max((Int(rows) + tile - 1) / tile * tile, 1)
    }
}

extension SchedulerConfiguration {
    /// Memory of the recent traffic: an eighth of the shortest deadline, at most that of the rates.
    package var recentTimeConstant: Interval {
        let shortest = classes.map(\.defaultDeadline).min() ?? .never
        return min(max(shortest / 8, .milliseconds(1)), rateTimeConstant)
    }
}
