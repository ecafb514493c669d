extension SimulationReport {
    /// A figure by its dotted JSON name, for one policy; `nil` when there is no such policy, class, rate or
    /// figure. A figure that is `null` in JSON is infinite here.
    package func figure(
        _ name: String, policy: String, className: String? = nil, atRate: Double? = nil
    ) -> Double? {
        guard let entry = policies.first(where: { $0.name == policy }) else { return nil }
        if let className {
            return entry.classes.first { $0.name == className }?.figure(name)
        }
        if name == "max_rate_rps" { return entry.maxRatePerSecond ?? 0 }
        if let atRate {
            return entry.sweep.first { $0.ratePerSecond == atRate }?.figures.figure(name)
        }
        return entry.figures.figure(name)
    }

    /// Names that a target may use, those of classes included.
    package static let figureNames: [String] =
        RunFigures.allNames + ClassReport.names.filter { !RunFigures.names.contains($0) }
        + ["max_rate_rps"]
}

extension RunFigures {
    /// Names of the figures of a run.
    package static let names = [
        "offered_rps", "completed_rps", "in_time_rps", "latency_ms.mean", "latency_ms.p50",
        "latency_ms.p90", "latency_ms.p99", "latency_ms.p999", "strict_p99_ms", "in_time_pct",
        "rejected_pct", "late_pct", "failed_pct", "error_pct", "mean_batch", "cheaper_variant_pct",
        "of_optimum_pct", "health_changes", "process_ends", "served_pct", "attempts",
    ]

    /// Names of the figures of a run, those of text generation and of breakers included.
    package static let allNames = names + GenerationFigures.names + BreakerFigures.names

    /// A figure by its dotted JSON name.
    package func figure(_ name: String) -> Double? {
        switch name {
        case "offered_rps": offeredPerSecond
        case "completed_rps": completedPerSecond
        case "in_time_rps": inTimePerSecond
        case "latency_ms.mean": latency.mean
        case "latency_ms.p50": latency.p50
        case "latency_ms.p90": latency.p90
        case "latency_ms.p99": latency.p99
        case "latency_ms.p999": latency.p999
        case "strict_p99_ms": strictP99Milliseconds ?? .infinity
        case "in_time_pct": inTimePercent
        case "rejected_pct": rejectedPercent
        case "late_pct": latePercent
        case "failed_pct": failedPercent
        case "error_pct": errorPercent
        case "mean_batch": meanBatch
        case "cheaper_variant_pct": cheaperVariantPercent
        case "of_optimum_pct": ofOptimumPercent
        case "health_changes": healthChanges
        case "process_ends": processEnds
        case "served_pct": servedPercent
        case "attempts": attempts
        default: generation?.figure(name) ?? breakers?.figure(name)
        }
    }
}

extension ClassReport {
    /// Names of the figures of a class.
    package static let names = namesOfBatches + ["ttft_p99_ms", "tpot_p99_ms"]

    /// Those that a class has without text generation.
    package static let namesOfBatches = [
        "in_time_pct", "p99_ms", "rejected_pct", "late_pct", "offered_rps", "in_time_rps",
    ]

    /// A figure by its JSON name.
    package func figure(_ name: String) -> Double? {
        switch name {
        case "in_time_pct": inTimePercent
        case "p99_ms": p99Milliseconds
        case "rejected_pct": rejectedPercent
        case "late_pct": latePercent
        case "offered_rps": offeredPerSecond
        case "in_time_rps": inTimePerSecond
        case "ttft_p99_ms": firstTokenP99Milliseconds
        case "tpot_p99_ms": perTokenP99Milliseconds
        default: nil
        }
    }
}
