internal import Simulator

// MARK: Over time

extension ReportPlots {
    var queue: LinePlot? {
        overTime(
            "Requests that wait", "requests",
            "The number of waiting requests over the run, for each policy.", \.queued)
    }

    var batch: LinePlot? {
        summary.scenario.generation == nil
            ? overTime(
                "Batch size", "rows", "Rows of the average batch over the run, for each policy.",
                \.batch, ignoringZero: true)
            : overTime(
                "Tokens of a step", "tokens",
                "Tokens of the average step over the run, for each policy.", \.batch,
                ignoringZero: true)
    }

    var cheaper: LinePlot? {
        overTime(
            "Work of cheaper variants", "percent of the rows",
            "The part of all rows that cheaper variants of the model computed, over the run, for each "
                + "policy.", \.cheaperPercent)
    }

    var keyValueTokens: LinePlot? {
        overTime(
            "Tokens held", "tokens of keys and values",
            "Tokens whose keys and values the device holds over the run, cached ones included, for "
                + "each policy.", \.keyValueTokens)
    }

    var memory: LinePlot? {
        overTime(
            "Memory in use", "MB", "Memory on all devices over the run, for each policy.",
            \.memoryMB)
    }

    private func overTime(
        _ title: String, _ unit: String, _ description: String,
        _ values: KeyPath<TimeSeries, [Double]>, ignoringZero: Bool = false
    ) -> LinePlot? {
        var lines: [LinePlot.Series] = []
        for (index, policy) in summary.policies.enumerated() {
            guard let series = summary.first(policy)?.series else { continue }
            let points = Self.points(
                series[keyPath: values], width: series.binSeconds, ignoringZero: ignoringZero)
            guard points.count > 1 else { continue }
            lines.append(
                LinePlot.Series(
                    name: policy, style: PlotStyle.style(index), points: points, isStepped: true))
        }
        let greatest = lines.map { line in line.points.map(\.y).max() ?? 0 }
        guard let top = greatest.max(), let least = greatest.min(), top > 0 else { return nil }
        var y = Axis.linear(unit, upTo: top)
        if top > 30 * max(least, 1) {
            // One policy's mountain must not flatten all others.
            y = Axis.logarithmic(unit, over: [1, top])
        }
        let end = lines.compactMap(\.points.last?.x).max() ?? 1
        return LinePlot(
            title: title, description: description, x: .linear("seconds", 0...end), y: y,
            series: lines)
    }

    /// Bins that can be told apart in a plot.
    private static let binsMax = 80

    /// Averages over at most ``binsMax`` bins. The last one is left out: after the last arrival a queue
    /// drains, and that is no part of the traffic.
    private static func points(
        _ values: [Double], width: Double, ignoringZero: Bool
    ) -> [LinePlot.Point] {
        let step = max((values.count + binsMax - 1) / binsMax, 1)
        var points: [LinePlot.Point] = []
        for start in stride(from: 0, to: values.count - 1, by: step) {
            // In a bin in which no batch started, there is no batch size.
            let part = values[start..<min(start + step, values.count)].filter {
                !ignoringZero || $0 > 0
            }
            guard !part.isEmpty else { continue }
            let mean = part.reduce(0, +) / Double(part.count)
            points.append(LinePlot.Point(Double(start) * width, mean))
        }
        return points
    }
}
