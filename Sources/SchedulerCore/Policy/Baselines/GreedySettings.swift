/// Settings of the policy `greedy`: whatever waits rides.
package struct GreedySettings: Sendable, Equatable {
    /// Most rows in a batch (`max_batch`); `nil` for the model's own limit.
    package var maxBatch: Int?

    /// The defaults; see the property.
    package init(maxBatch: Int? = nil) { self.maxBatch = maxBatch }

    func validate() throws(ConfigurationProblem) {
        try require(maxBatch ?? 1 >= 1, "greedy: a batch holds at least one row")
    }
}
