package import ServingModel

/// Settings of the policy `static`: full batches of one fixed size.
package struct StaticSettings: Sendable, Equatable {
    /// Rows of a batch (`batch`).
    package var batch = 1_280

    /// How long the oldest request waits for its batch to fill before the batch leaves partly filled
    /// (`max_wait_ms`). A strictly static server waits for ever; a second never matters at a load that
    /// fills batches, and lets the last requests of a run end.
    package var maxWait = Interval.seconds(1)

    /// The defaults.
    package init() {}

    /// Batches of `batch` rows.
    package init(batch: Int) { self.batch = batch }

    func validate() throws(ConfigurationProblem) {
        try require(batch >= 1, "static: a batch holds at least one row, not \(batch)")
    }
}
