internal import ControlCore
internal import ServingModel
internal import ServingRuntime

extension ModelFamily {
    /// What the health rules have set.
    static let health: [ModelFamily] = [
        ModelFamily(
            "headway_queue_limit_requests", .gauge,
            "Most requests that may wait: the configured limit, or less while memory is short"
        ) { figures, samples in
            if let health = figures.load.health {
                samples.add(int: UInt64(health.mostRequests))
            }
        },
        ModelFamily(
            "headway_preferred_variant", .gauge,
            "Where batches begin the ladder of variants: 0 is the full model"
        ) { figures, samples in
            if let health = figures.load.health {
                samples.add(int: UInt64(health.preferredVariant))
            }
        },
        ModelFamily(
            "headway_health_changes_total", .counter, labels: ["rule", "mode"],
            "Settings that a health rule changed (applied), or would have changed (dry_run)"
        ) { figures, samples in
            guard let health = figures.load.health else { return }
            for rule in HealthRule.allCases {
                samples.add(
                    [rule.rawValue, health.isDryRun ? "dry_run" : "applied"],
                    int: health.changes[rule] ?? 0)
            }
        },
    ]
}
