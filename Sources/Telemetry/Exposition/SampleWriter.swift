internal import ServingModel
internal import ServingRuntime

/// Writes the samples of one family in Prometheus' text format, version 0.0.4.
struct SampleWriter {
    private(set) var text = ""
    private let metric: Metric
    /// Values of the labels that all samples of one model share.
    private var common: [String] = []

    init(_ metric: Metric) {
        self.metric = metric
    }

    /// The family as a whole, empty when there are no samples.
    var family: String {
        guard !text.isEmpty else { return "" }
        return "# HELP \(metric.name) \(Self.escaped(help: metric.help))\n"
            + "# TYPE \(metric.name) \(metric.kind.rawValue)\n" + text
    }

    /// Sets the values of the first labels for the samples that follow.
    mutating func setCommon(_ values: [String]) {
        common = values
    }

    /// Adds a sample with a whole value.
    mutating func add(_ values: [String] = [], int value: UInt64) {
        add(metric.name, values, "\(value)")
    }

    /// Adds a sample.
    mutating func add(_ values: [String] = [], real value: Double) {
        add(metric.name, values, Self.number(value))
    }

    /// Adds buckets, sum and count of a histogram of durations, in seconds.
    mutating func add(_ values: [String], histogram: LatencyHistogram) {
        var below: UInt64 = 0
        for (bound, count) in zip(LatencyHistogram.bounds, histogram.counts) {
            below += count
            add(metric.name + "_bucket", values, "\(below)", bound: Self.number(bound))
        }
        add(metric.name + "_bucket", values, "\(histogram.count)", bound: "+Inf")
        add(metric.name + "_sum", values, Self.number(histogram.sum.seconds))
        add(metric.name + "_count", values, "\(histogram.count)")
    }

    /// Adds a histogram of row counts, given as ascending sizes and how often each occurred.
    mutating func add(rows batches: [(size: Int, count: UInt64)]) {
        var below: UInt64 = 0
        var rest = batches[...]
        for bound in Self.rowBounds {
            while let next = rest.first, next.size <= bound {
                below += next.count
                rest.removeFirst()
            }
            add(metric.name + "_bucket", [], "\(below)", bound: "\(bound)")
        }
        let count = batches.reduce(0) { $0 + $1.count }
        add(metric.name + "_bucket", [], "\(count)", bound: "+Inf")
        let sum = batches.reduce(0) { $0 + UInt64($1.size) * $1.count }
        add(metric.name + "_sum", [], "\(sum)")
        add(metric.name + "_count", [], "\(count)")
    }

    /// Powers of two: batch sizes matter by their order of magnitude.
    private static let rowBounds = (0...10).map { 1 << $0 }

    private mutating func add(
        _ name: String, _ values: [String], _ value: String, bound: String? = nil
    ) {
        let all = common + values
        precondition(
            all.count == metric.labels.count,
            "\(metric.name) has the labels \(metric.labels), not the values \(all)")
        text += name
        var separator = "{"
        for (label, value) in zip(metric.labels, all) {
            text += "\(separator)\(label)=\"\(Self.escaped(label: value))\""
            separator = ","
        }
        if let bound {
            text += "\(separator)le=\"\(bound)\""
            separator = ","
        }
        text += separator == "{" ? " \(value)\n" : "} \(value)\n"
    }

    /// A number as Prometheus reads it; whole ones without a fraction.
    private static func number(_ value: Double) -> String {
        if value.isNaN { return "NaN" }
        if value.isInfinite { return value < 0 ? "-Inf" : "+Inf" }
        return value == value.rounded() && abs(value) < 1e15 ? "\(Int64(value))" : "\(value)"
    }

    /// Backslash, quote and line feed are what the format knows to escape in a label's value.
    private static func escaped(label value: String) -> String {
        guard value.utf8.contains(where: { $0 == 0x5C || $0 == 0x22 || $0 == 0x0A }) else {
            return value
        }
        var escaped = ""
        for scalar in value.unicodeScalars {
            switch scalar {
            case "\\": escaped += "\\\\"
            case "\"": escaped += "\\\""
            case "\n": escaped += "\\n"
            default: escaped.unicodeScalars.append(scalar)
            }
        }
        return escaped
    }

    /// In help texts a quote stands for itself.
    private static func escaped(help: String) -> String {
        help.split(separator: "\n", omittingEmptySubsequences: false)
            .map {
                $0.split(separator: "\\", omittingEmptySubsequences: false).joined(
                    separator: "\\\\")
            }
            .joined(separator: "\\n")
    }
}
