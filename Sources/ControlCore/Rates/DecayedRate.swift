package import ServingModel

/// An exponentially forgetting estimate of how many units per millisecond arrive.
///
/// Each arrival of `n` units adds `n / tau`, and the whole decays with time constant `tau`; under
/// Poisson arrivals its expectation is the rate itself.
package struct DecayedRate: Sendable, Equatable {
    /// Time constant in milliseconds: what happened `tau` ago counts for about a third.
    package let timeConstant: Double

    private var rate = 0.0
    private var updated = Instant.origin

    /// An estimate of zero that forgets with `timeConstant`.
    package init(timeConstant: Interval) {
        precondition(timeConstant > .zero, "a rate needs a positive time constant")
        self.timeConstant = timeConstant.milliseconds
    }

    /// Counts `units` that arrived at `now`.
    package mutating func add(_ units: Int, at now: Instant) {
        rate = value(at: now) + Double(units) / timeConstant
        updated = max(updated, now)
    }

    /// Units per millisecond as of `now`.
    package func value(at now: Instant) -> Double {
        rate == 0 ? 0 : rate * decay(updated.interval(to: now).milliseconds / timeConstant)
    }
}
