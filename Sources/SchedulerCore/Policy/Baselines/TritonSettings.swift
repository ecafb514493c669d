package import ServingModel

/// Settings of the policy `triton`, named after `dynamic_batching` in a model's configuration.
package struct TritonSettings: Sendable, Equatable {
    /// What becomes of a request that has queued longer than ``timeout``.
    package enum TimeoutAction: String, Sendable, Equatable, CaseIterable {
        /// It is answered with an error.
        case reject = "REJECT"
        /// It moves behind all that have not timed out.
        case delay = "DELAY"
    }

    /// Batch sizes in rows that run as soon as they are reached (`preferred`, Triton's
    /// `preferred_batch_size`); none means that the largest possible batch is preferred.
    package var preferred: [Int] = []

    /// How long the oldest request may wait for a preferred size (`delay_ms`, Triton's
    /// `max_queue_delay_microseconds`); 0 takes what is there.
    package var delay = Interval.zero

    /// Most rows in a batch (`max_batch`, Triton's `max_batch_size`); `nil` for the model's own limit.
    package var maxBatch: Int?

    /// Longest time in the queue, by class, most important first; the last one holds for all further
    /// classes, none for ever (`timeout_ms`, Triton's `default_timeout_microseconds` of each level's
    /// queue policy). It counts queueing time only, and is looked at only when a batch is formed.
    package var timeouts: [Interval] = []

    /// What becomes of a request that timed out (`timeout_action`).
    package var timeoutAction = TimeoutAction.reject

    /// Whether classes are priority levels, the most important served first, strictly (`priorities`,
    /// Triton's `priority_levels`); otherwise requests of all classes share one queue.
    package var priorities = true

    /// Most requests of one level that wait (`max_queue`, Triton's `max_queue_size`); 0 for no limit.
    package var maxQueue = 0

    /// The defaults.
    package init() {}

    /// Preferred sizes and a delay; the rest by default.
    package init(
        preferred: [Int], delay: Interval = .zero, maxBatch: Int? = nil, timeouts: [Interval] = []
    ) {
        self.preferred = preferred
        self.delay = delay
        self.maxBatch = maxBatch
        self.timeouts = timeouts
    }

    func validate() throws(ConfigurationProblem) {
        try require(
            preferred.allSatisfy { $0 >= 1 }, "triton: preferred sizes are positive: \(preferred)")
        try require(maxBatch ?? 1 >= 1, "triton: a batch holds at least one row")
        try require(maxQueue >= 0, "triton: negative queue size \(maxQueue)")
    }
}
