internal import Foundation
internal import Simulator

/// What the scheduler's decisions cost on this machine, for a terminal.
enum DecisionCost {
    /// Measures and tells.
    static var lines: [String] {
        let clock = ContinuousClock()
        let start = clock.now
        var lines = ["What the scheduler's decisions cost on this machine, in batches of 350"]
        for setting in SchedulerCost.standard {
            let cost = SchedulerCost.measure(setting) {
                UInt64(start.duration(to: clock.now) / .nanoseconds(1))
            }
            lines.append(
                String(
                    format:
                        "  %6d waiting in %d class%@  arrival %5.2f µs   batch %6.1f µs, P99 %6.1f µs",
                    setting.waiting, setting.classes, setting.classes == 1 ? ":  " : "es:",
                    cost.arriveNanoseconds / 1_000, cost.pickNanoseconds / 1_000,
                    cost.pickP99Nanoseconds / 1_000))
        }
        return lines
    }
}
