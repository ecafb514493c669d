package import ServingModel

/// How a model is, about once a second.
package struct HealthSample: Sendable, Equatable {
    /// Throughput as a part of the best one: the instances' busy share times what batches of the present
    /// limit can do beside batches without one.
    package var utilization = 0.0
    /// Whether requests wait that a batch has left behind.
    package var leavesWork = false
    /// Most rows of a batch now.
    package var rows = 1
    /// Most rows of a batch without a learnt limit.
    package var widestRows = 1
    /// Most requests that waited at the same time since the last sample.
    package var mostWaiting = 0
    /// Most requests that may wait without a limit.
    package var longestQueue = Int.max
    /// Part of the memory that is in use; `nil` where nobody knows.
    package var memory: Double?
    /// Mean latency of what was answered since the last sample; `nil` where nothing was.
    package var meanLatency: Interval?
    /// Offered rows as a part of what the full model sustains within the deadlines.
    package var load = 0.0
    /// How many cheaper variants there are.
    package var cheaperVariants = 0

    /// A model that has nothing to do.
    package init() {}
}
