internal import ControlCore
package import ServingModel

/// What a model that batches asks of a device that it shares.
package struct BatchClaim: Sendable, Equatable {
    /// What it asks beside a generator.
    package let claim: DeviceTurns.Claim
    /// What it asks beside other models that batch.
    let demand: Demand
    /// Rows of its least useful batch.
    let leastRows: Int

    /// Whether this work goes before another model's.
    package func precedes(_ other: BatchClaim) -> Bool { demand.precedes(other.demand) }
}

extension Scheduler {
    /// What an arbitrated scheduler asks of its device; `nil` when nothing waits, or while its instance is
    /// not there or runs.
    ///
    /// The least useful batch is the one that reaches the configured efficiency, or all that waits.
    package func claim(at now: Instant) -> BatchClaim? {
        guard case .held = instances[0], let demand = demand(at: now) else { return nil }
        let efficient = latency.rows(atEfficiency: configuration.minEfficiency)
        let least = max(demand.largestHead, min(demand.rows, efficient))
        return BatchClaim(
            claim: DeviceTurns.Claim(
                latestStart: demand.latestStart, least: latency.latency(rows: least)),
            demand: demand, leastRows: least)
    }

    /// Leave to run what was claimed for no longer than `longest`, or the least useful batch.
    package func grant(_ claim: BatchClaim, within longest: Interval) -> Grant {
        Grant(rows: max(latency.rows(within: longest), claim.leastRows))
    }
}
