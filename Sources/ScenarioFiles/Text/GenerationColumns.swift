/// The columns of text generation in the tables of reports.
struct GenerationColumn {
    /// What it is called.
    var title: String
    /// Its unit, where the title does not say it.
    var unit: String
    /// The figure that stands in it, by its name in the report.
    var figure: String

    /// All columns but the policy's name, in order.
    static let all: [GenerationColumn] = [
        .init("in time", "per second", "in_time_rps"),
        .init("weighted", "% in time", "weighted_in_time_pct"),
        .init("rejected", "%", "rejected_pct"), .init("late", "%", "late_pct"),
        .init("tokens", "per second", "generated_tps"), .init("TTFT P50", "ms", "ttft_ms.p50"),
        .init("TTFT P99", "ms", "ttft_ms.p99"), .init("TPOT P50", "ms", "tpot_ms.p50"),
        .init("TPOT P99", "ms", "tpot_ms.p99"), .init("gap P99", "ms", "gap_ms.p99"),
        .init("step", "tokens", "mean_batch"), .init("KV peak", "%", "kv_peak_pct"),
        .init("pre-empted", "times", "preemptions"), .init("cached", "%", "prefix_hit_pct"),
    ]

    init(_ title: String, _ unit: String, _ figure: String) {
        self.title = title
        self.unit = unit
        self.figure = figure
    }

    /// Title and unit in one line.
    var heading: String {
        switch unit {
        case "per second": "\(title)/s"
        case "times": title
        default: "\(title) \(unit)"
        }
    }
}
