/// A figure of a scenario's report and what it has to be.
package struct ScenarioTarget: Sendable, Equatable {
    /// The policy, by its name in the scenario (`policy`).
    package var policy: String
    /// The class, or `nil` for the figure over all classes (`class`).
    package var className: String?
    /// The figure, by its dotted name in the report (`figure`), such as `latency_ms.p99`.
    package var figure: String
    /// The rate of the sweep at which it is taken, in requests per second; `nil` for the run itself
    /// (`at_rate_rps`).
    package var atRatePerSecond: Double?
    /// What it has to be (`at_most`, `at_least`, or `value` with `within_pct`).
    package var bound: Bound
    /// How several seeds are judged (`over`).
    package var over = Aggregation.every

    /// What a figure has to be.
    package enum Bound: Sendable, Equatable {
        /// Not greater.
        case atMost(Double)
        /// Not less.
        case atLeast(Double)
        /// Within so many percent of a value.
        case within(percent: Double, of: Double)
    }

    /// How several seeds are judged.
    package enum Aggregation: String, Sendable, CaseIterable {
        /// Every seed has to hold; the worst one is shown.
        case every
        /// The median over the seeds has to hold.
        case median
        /// The mean over the seeds has to hold.
        case mean
    }

    /// A target over all classes and every seed.
    package init(policy: String, figure: String, _ bound: Bound) {
        self.policy = policy
        self.figure = figure
        self.bound = bound
    }
}
