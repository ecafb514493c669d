/// Settings of the policy `clipper`, named after the constants of its `ModelContainer`.
package struct ClipperSettings: Sendable, Equatable {
    /// Most rows in a batch (`max_batch`); `nil` for the model's own limit.
    package var maxBatch: Int?

    /// Share of the head's slack that a batch may take (`budget_decay`).
    package var budgetDecay = 0.92

    /// Mean relative growth of a batch that explores (`explore_mean`).
    package var exploreMean = 0.1

    /// Standard deviation of that growth (`explore_deviation`).
    package var exploreDeviation = 0.05

    /// How many standard deviations a size's latency lies above its mean in the fit (`deviations`).
    package var deviations = 3.0

    /// Batches of one size before its mean counts as known (`minimum_samples`).
    package var minimumSamples = 30

    /// Largest batch that exploration grows by one row instead of by a share (`additive_until`).
    package var additiveUntil = 10

    /// Batches between two fits (`fit_every`). The source fits after each one, in the background.
    package var fitEvery = 20

    /// Whether estimator and longest latency start from the configuration's latency model, as after a
    /// long life, instead of from a batch of one row (`pretrained`).
    package var isPretrained = true

    /// Seed of the exploration (`seed`).
    package var seed: UInt64 = 1

    /// The defaults.
    package init() {}

    func validate() throws(ConfigurationProblem) {
        try require(maxBatch ?? 1 >= 1, "clipper: a batch holds at least one row")
        try require(
            budgetDecay > 0 && budgetDecay <= 1,
            "clipper: budget decay \(budgetDecay) not in (0, 1]")
        try require(
            exploreMean >= 0 && exploreDeviation >= 0,
            "clipper: exploration does not shrink batches")
        try require(deviations >= 0, "clipper: a negative number of deviations")
        try require(minimumSamples >= 2, "clipper: a deviation needs two samples")
        try require(fitEvery >= 1, "clipper: a fit after at least one batch, not \(fitEvery)")
    }
}
