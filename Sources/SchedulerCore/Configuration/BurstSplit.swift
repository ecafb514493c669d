package import ServingModel

/// When to prefer a short batch that saves the most urgent although not all that follow can be saved:
/// while overload is young, because a burst may be over soon.
///
/// Serves up to 0.3 % more of traffic that is nothing but short bursts, and sheds 0.3 to 0.6 % more just
/// past capacity; figures in ADR 0009.
package struct BurstSplit: Sendable, Equatable {
    /// Least throughput of the short batch, as a part of that of the largest useful one.
    package var minEfficiency = 0.95

    /// Overload is young while less than this part of the traffic is being rejected.
    package var youngShare = 0.03

    /// Memory of the rate of rejects that is compared with it.
    package var timeConstant = Interval.milliseconds(200)

    /// The values that were measured to be best.
    package init() {}

    func validate() throws(ConfigurationProblem) {
        try require(
            minEfficiency > 0 && minEfficiency <= 1, "efficiency \(minEfficiency) not in (0, 1]")
        try require(youngShare > 0 && youngShare <= 1, "share \(youngShare) not in (0, 1]")
        try require(timeConstant > .zero, "a rate needs a positive time constant")
    }
}
