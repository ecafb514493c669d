package import ServingModel

/// How much there is to do for a model, and how much its full variant, or another one, can do.
package struct VariantPressure: Sendable, Equatable {
    /// Rows per millisecond that arrive.
    package var rate: Double
    /// Rows per millisecond that the variant sustains within the deadlines.
    package var capacity: Double
    /// Rows per millisecond that are rejected, over about 200 ms.
    package var rejected: Double
    /// Mean latency of late.
    package var meanLatency: Interval
    /// The part of the rows for which a cheaper variant would do.
    package var willing: Double

    /// Makes a reading.
    package init(
        rate: Double = 0, capacity: Double = 0, rejected: Double = 0,
        meanLatency: Interval = .zero, willing: Double = 1
    ) {
        self.rate = rate
        self.capacity = capacity
        self.rejected = rejected
        self.meanLatency = meanLatency
        self.willing = willing
    }

    /// What arrives, as a part of what the variant sustains; 0 where nothing arrives.
    package var load: Double { rate > 0 ? rate / capacity : 0 }

    /// What is rejected, as a part of what arrives, or of what the variant sustains where that is more: arrivals are
    /// forgotten before rejects are, and of the last of them the part would grow without bounds.
    package var rejectedShare: Double { rejected > 0 ? rejected / max(rate, capacity) : 0 }
}

/// When to load a cheaper variant of a model that is not resident, and when to unload it again.
///
/// Loading takes seconds and memory, so the decision is sticky: it falls quickly under overload and
/// is taken back only after a quiet while. Choosing between resident variants needs none of this.
/// The caller carries the decision out and, when it is done, tells the scheduler by an event.
package struct VariantHysteresis: Sendable, Equatable {
    /// What to do.
    package enum Decision: Sendable, Equatable {
        /// Load the next cheaper variant.
        case load
        /// Unload it.
        case unload
    }

    /// Load above this part of the capacity without the variant.
    package var loadAbove = 0.97
    /// Load when more than this part is rejected, as ``VariantPressure/rejectedShare`` has it.
    package var loadWhenRejected = 0.01
    /// Load when the mean latency exceeds this.
    package var loadWhenSlower = Interval.milliseconds(500)
    /// Neither load nor keep for less than this part of the traffic: the rest insists on the full model.
    package var leastWilling = 0.01
    /// Unload below this part of the capacity without it.
    package var unloadBelow = 0.85
    /// Unload only while less than this part is rejected.
    package var unloadWhenRejected = 1e-4
    /// For so long the load must have been low before an unload.
    package var quietFor = Interval.seconds(1)
    /// So long a variant stays at least.
    package var staysFor = Interval.seconds(2)

    /// Whether the variant is wanted.
    package private(set) var isWanted = false

    private var wantedSince = Instant.origin
    private var quietSince: Instant?

    /// A controller that wants no cheaper variant yet.
    package init() {}

    /// Takes one reading in; `nil` when nothing is to be done. Ask every 100 ms or so.
    ///
    /// - Parameter isPreferred: Whether a health rule wants the variant, whatever the reading says.
    package mutating func decide(
        _ pressure: VariantPressure, isPreferred: Bool = false, at now: Instant
    ) -> Decision? {
        guard isWanted else {
            let isOverloaded =
                pressure.load > loadAbove || pressure.rejectedShare > loadWhenRejected
                || pressure.meanLatency > loadWhenSlower
            guard pressure.willing >= leastWilling,
                isPreferred || (isOverloaded && pressure.rate > 0)
            else { return nil }
            isWanted = true
            wantedSince = now
            quietSince = nil
            return .load
        }
        let isQuiet =
            !isPreferred && pressure.load < unloadBelow
            && pressure.rejectedShare < unloadWhenRejected
        guard isQuiet || pressure.willing < leastWilling else {
            quietSince = nil
            return nil
        }
        let since = quietSince ?? now
        quietSince = since
        guard since.interval(to: now) >= quietFor, wantedSince.interval(to: now) >= staysFor
        else { return nil }
        isWanted = false
        quietSince = nil
        return .unload
    }
}
