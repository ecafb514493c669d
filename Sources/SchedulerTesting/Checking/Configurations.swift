internal import ControlCore
package import SchedulerCore
package import ServingModel

extension SchedulerConfiguration {
    /// A scheduler for tests whose expectations are computed by hand: a batch of `n` rows is promised
    /// to take `1.05 * (1 + n)` milliseconds, and no time is set aside for the answer.
    package static func byHand(
        classes: [PriorityClass] = [.forTest("only", deadline: 1_000)], instances: Int = 1,
        maxBatchRows: Int = 64, tile: Int = 1
    ) -> SchedulerConfiguration {
        var configuration = SchedulerConfiguration(
            classes: classes, instances: instances, maxBatchRows: maxBatchRows,
            latency: LatencyModel(base: 1, perRow: 1, tile: tile))
        configuration.guardInterval = .zero
        return configuration
    }
}

extension PriorityClass {
    /// A class with a deadline in milliseconds.
    package static func forTest(
        _ name: String, weight: Int = 1, floorShare: Double = 0, deadline: UInt64
    ) -> PriorityClass {
        PriorityClass(
            name: name, weight: weight, floorShare: floorShare,
            defaultDeadline: .milliseconds(deadline))
    }
}
