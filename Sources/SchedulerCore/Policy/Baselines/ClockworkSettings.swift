/// Settings of the policy `clockwork`.
package struct ClockworkSettings: Sendable, Equatable {
    /// Batch sizes in rows for which the model is compiled, ascending (`sizes`); empty for the powers of
    /// two up to ``maxBatch``. The first is 1, so that every request fits one.
    package var sizes: [Int] = []

    /// Most rows in a batch (`max_batch`); `nil` for the model's own limit.
    package var maxBatch: Int?

    /// Latest measurements per size of which the estimate is the given percentile (`history`).
    package var history = 10

    /// The percentile of them that estimates a batch's latency, in (0, 1] (`percentile`).
    package var percentile = 0.99

    /// Factor from the configuration's latency model to the estimate before the first measurement of a
    /// size (`initial_margin`).
    package var initialMargin = 1.03

    /// The defaults.
    package init() {}

    func validate() throws(ConfigurationProblem) {
        try require(maxBatch ?? 1 >= 1, "clockwork: a batch holds at least one row")
        try require(
            zip(sizes, sizes.dropFirst()).allSatisfy { $0 < $1 } && sizes.first ?? 1 == 1,
            "clockwork: sizes ascend from 1: \(sizes)")
        try require(history >= 1, "clockwork: an estimate needs a measurement")
        try require(
            percentile > 0 && percentile <= 1, "clockwork: percentile \(percentile) not in (0, 1]")
        try require(initialMargin > 0, "clockwork: a margin of \(initialMargin)")
    }
}
