/// Looks for the highest rate at which a figure stays within a limit, for each policy by itself.
///
/// The rate of the scenario's arrivals is replaced as a whole (a scenario with several rates is scaled);
/// bisection between `low` and `high` until they are `resolution` apart. A policy that fails at `low` has no
/// such rate.
package struct RateSearch: Sendable, Equatable {
    /// The figure, by its name in the report (`figure`).
    package var figure = "strict_p99_ms"
    /// What it must not exceed (`at_most`).
    package var atMost = 80.0
    /// Lowest rate tried, in requests per second (`low_rps`).
    package var lowPerSecond: Double
    /// Highest rate tried (`high_rps`).
    package var highPerSecond: Double
    /// When to stop (`resolution_rps`).
    package var resolutionPerSecond = 25.0

    /// A search between two rates for a strict P99 of 80 ms.
    package init(lowPerSecond: Double, highPerSecond: Double) {
        self.lowPerSecond = lowPerSecond
        self.highPerSecond = highPerSecond
    }
}
