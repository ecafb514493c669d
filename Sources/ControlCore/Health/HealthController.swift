package import ServingModel

/// The health rules of one model: samples go in, changes come out.
///
/// A pure value without a clock. The shell, live or simulated, takes a sample about once a second and turns
/// each change into an event of the scheduler, so that a run replays without knowing of rules. In a dry run
/// it only tells them. Invariants, whatever the samples: a rule changes no faster than its pause, and
/// never beyond its bounds.
package struct HealthController: Sendable, Equatable {
    /// When the rules act.
    package let settings: HealthSettings

    private var batches = BatchSizeRule()
    private var memory = MemoryRule()
    private var latency = LatencyRule()
    private var counts = Array(repeating: UInt64(0), count: HealthRule.allCases.count)

    /// Rules that have seen nothing.
    package init(_ settings: HealthSettings = HealthSettings()) {
        precondition(
            settings.calmMemory < settings.mostMemory, "memory is calm below the threshold")
        precondition(settings.cut > 0 && settings.cut < 1, "a cut leaves something, not everything")
        precondition(settings.recovery > 1 && settings.batchGrowth > 1, "growth is growth")
        precondition(settings.leastRequests >= 1, "one request may always wait")
        self.settings = settings
    }

    /// Takes a sample, and answers what is to be changed, at most one thing for each rule.
    package mutating func observe(_ sample: HealthSample, at now: Instant) -> [HealthChange] {
        var changes: [HealthChange] = []
        for (index, rule) in HealthRule.allCases.enumerated() where settings.rules.contains(rule) {
            guard let change = decide(rule, sample, at: now) else { continue }
            counts[index] += 1
            changes.append(change)
        }
        return changes
    }

    private mutating func decide(
        _ rule: HealthRule, _ sample: HealthSample, at now: Instant
    ) -> HealthChange? {
        switch rule {
        case .batches: batches.decide(sample, settings, at: now)
        case .memory: memory.decide(sample, settings, at: now)
        case .latency: latency.decide(sample, settings, at: now)
        }
    }

    /// How often a rule has changed something, or would have.
    package func changes(by rule: HealthRule) -> UInt64 {
        zip(HealthRule.allCases, counts).first { $0.0 == rule }?.1 ?? 0
    }

    /// Most requests that may wait; `nil` for as many as configured.
    package var mostRequests: Int? { memory.limit }

    /// The variant that is preferred.
    package var preferredVariant: VariantIndex { VariantIndex(latency.level) }
}
