/// The figures of a run that only text generation has.
package struct GenerationFigures: Sendable, Equatable {
    /// Answers that kept both promises, each with the weight of its class, in percent of all requests with
    /// theirs (`weighted_in_time_pct`).
    package var weightedInTimePercent = 0.0
    /// Tokens that came per second while requests came (`generated_tps`).
    package var generatedPerSecond = 0.0
    /// From arrival to the first token, of finished answers (`ttft_ms`).
    package var firstToken = LatencyFigures()
    /// Mean gap between the tokens of an answer, of finished answers (`tpot_ms`).
    package var perToken = LatencyFigures()
    /// Every gap between two tokens of finished answers (`gap_ms`).
    package var gap = LatencyFigures()
    /// Finished answers whose first token was late, in percent of all requests (`ttft_missed_pct`).
    package var firstTokenMissedPercent = 0.0
    /// Finished answers whose further tokens were late, in percent of all requests (`tpot_missed_pct`).
    package var perTokenMissedPercent = 0.0
    /// Times that a request lost its place on the device (`preemptions`).
    package var preemptions = 0.0
    /// Prompt tokens found in the prefix cache, in percent (`prefix_hit_pct`).
    package var prefixHitPercent = 0.0
    /// Most tokens that the device held, in percent of those that fit (`kv_peak_pct`).
    package var peakKeyValuePercent = 0.0
    /// Duration of the average step (`mean_step_ms`).
    package var meanStepMilliseconds = 0.0
    /// Why requests were refused, in percent of all requests; reasons that did not occur are left out
    /// (`rejected_by_reason`).
    package var rejectedByReason: [RejectedShare] = []

    /// Zeros.
    package init() {}
}

/// A reason and the part of all requests that was refused for it.
package struct RejectedShare: Sendable, Equatable {
    /// The reason, as in metrics.
    package var reason: String
    /// In percent of all requests.
    package var percent: Double

    /// Makes an entry.
    package init(reason: String, percent: Double) {
        self.reason = reason
        self.percent = percent
    }
}

extension GenerationFigures {
    /// Names of the figures.
    package static let names = [
        "weighted_in_time_pct", "generated_tps", "ttft_ms.mean", "ttft_ms.p50", "ttft_ms.p90",
        "ttft_ms.p99", "ttft_ms.p999", "tpot_ms.mean", "tpot_ms.p50", "tpot_ms.p90", "tpot_ms.p99",
        "tpot_ms.p999", "gap_ms.mean", "gap_ms.p50", "gap_ms.p90", "gap_ms.p99", "gap_ms.p999",
        "ttft_missed_pct", "tpot_missed_pct", "preemptions", "prefix_hit_pct", "kv_peak_pct",
        "mean_step_ms",
    ]

    /// A figure by its dotted JSON name.
    package func figure(_ name: String) -> Double? {
        switch name {
        case "weighted_in_time_pct": weightedInTimePercent
        case "generated_tps": generatedPerSecond
        case "ttft_missed_pct": firstTokenMissedPercent
        case "tpot_missed_pct": perTokenMissedPercent
        case "preemptions": preemptions
        case "prefix_hit_pct": prefixHitPercent
        case "kv_peak_pct": peakKeyValuePercent
        case "mean_step_ms": meanStepMilliseconds
        default: quantile(name)
        }
    }

    private func quantile(_ name: String) -> Double? {
        let parts = name.split(separator: ".")
        guard parts.count == 2 else { return nil }
        switch parts[0] {
        case "ttft_ms": return firstToken.figure(String(parts[1]))
        case "tpot_ms": return perToken.figure(String(parts[1]))
        case "gap_ms": return gap.figure(String(parts[1]))
        default: return nil
        }
    }
}

extension LatencyFigures {
    /// A figure by its JSON name.
    package func figure(_ name: String) -> Double? {
        switch name {
        case "mean": mean
        case "p50": p50
        case "p90": p90
        case "p99": p99
        case "p999": p999
        default: nil
        }
    }
}
