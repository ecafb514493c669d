package import ServingModel

/// Settings of the policy `nexus`.
package struct NexusSettings: Sendable, Equatable {
    /// Most rows in a batch (`max_batch`); `nil` for the model's own limit.
    package var maxBatch: Int?

    /// Rows of the target batch (`batch`), which Nexus' global scheduler sets; `nil` for the largest
    /// batch that takes half of the time limit, its rule for a model that saturates its device.
    package var batch: Int?

    /// The time limit of that rule (`slo_ms`); `nil` for the shortest deadline of the configured classes.
    package var timeLimit: Interval?

    /// The defaults.
    package init() {}

    func validate() throws(ConfigurationProblem) {
        try require(maxBatch ?? 1 >= 1, "nexus: a batch holds at least one row")
        try require(batch ?? 1 >= 1, "nexus: the target batch holds at least one row")
    }
}
