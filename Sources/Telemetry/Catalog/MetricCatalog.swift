/// Every metric that Headway exposes, in the order of the exposition. `docs/metrics.md` carries the
/// same table, which a test compares.
package enum MetricCatalog {
    /// All families.
    package static let all: [Metric] =
        ModelFamily.all.map(\.metric) + GeneratorFamily.all.map(\.metric)
        + ProcessFamily.all.map(\.metric)

    /// The table of `docs/metrics.md`.
    package static var referenceTable: String {
        var lines = ["| name | type | labels | meaning |", "|---|---|---|---|"]
        for metric in all {
            let labels = metric.labels.map { "`\($0)`" }.joined(separator: ", ")
            lines.append(
                "| `\(metric.name)` | \(metric.kind.rawValue) | \(labels) | \(metric.help) |")
        }
        return lines.joined(separator: "\n")
    }
}

/// A family with one set of samples for each served model version.
struct ModelFamily: Sendable {
    let metric: Metric
    let write: @Sendable (ModelFigures, inout SampleWriter) -> Void

    static let all =
        triton + outcomes + variants + histograms + load + memory + breakers + health

    init(
        _ name: String, _ kind: Metric.Kind, labels: [String] = [], _ help: String,
        _ write: @escaping @Sendable (ModelFigures, inout SampleWriter) -> Void
    ) {
        metric = Metric(name, kind, labels: ["model", "version"] + labels, help)
        self.write = write
    }
}

/// A family about the process or the machine.
struct ProcessFamily: Sendable {
    let metric: Metric
    let write: @Sendable (ProcessFigures, inout SampleWriter) -> Void

    init(
        _ name: String, _ kind: Metric.Kind, labels: [String] = [], _ help: String,
        _ write: @escaping @Sendable (ProcessFigures, inout SampleWriter) -> Void
    ) {
        metric = Metric(name, kind, labels: labels, help)
        self.write = write
    }
}
