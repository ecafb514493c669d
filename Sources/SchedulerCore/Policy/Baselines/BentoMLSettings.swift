package import ServingModel

/// Settings of the policy `bentoml`, named after the options of a BentoML runner.
package struct BentoMLSettings: Sendable, Equatable {
    /// Rows that a batch stays below (`max_batch`, BentoML's `max_batch_size`); `nil` for the model's
    /// own limit. The comparison is strict, as in the source: 100 allows batches of 99.
    package var maxBatch: Int?

    /// Time after arrival within which a request is answered or cancelled (`max_latency_ms`); `nil` for
    /// the shortest deadline of the configured classes.
    package var maxLatency: Interval?

    /// Calls whose sizes, waits and durations are kept (`kept`).
    package var keptCalls = 50

    /// How often the fit is renewed (`refresh_s`).
    package var refresh = Interval.seconds(5)

    /// Wait that is planned for before the first fit (`wait_ms`).
    package var wait = Interval.milliseconds(10)

    /// Share of the mean wait that a batch waits for company (`decay`).
    package var decay = 0.95

    /// How often the dispatcher looks at its queue while there is nothing to do (`tick_ms`).
    package var tick = Interval.milliseconds(1)

    /// The defaults.
    package init() {}

    func validate() throws(ConfigurationProblem) {
        try require(maxBatch ?? 2 >= 2, "bentoml: batches stay below max_batch, at least 2")
        try require(keptCalls >= 2, "bentoml: a line needs two calls, not \(keptCalls)")
        try require(refresh > .zero, "bentoml: the fit is renewed after some time")
        try require(decay > 0 && decay <= 1, "bentoml: decay \(decay) not in (0, 1]")
        try require(tick > .zero, "bentoml: the tick takes some time")
    }
}
