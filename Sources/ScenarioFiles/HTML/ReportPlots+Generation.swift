internal import Simulator

// MARK: Text generation

extension ReportPlots {
    /// Time to the first token by the part of all requests that did not exceed it.
    var firstToken: LinePlot? {
        byPercentile(
            "Time to the first token by percentile",
            "The time to the first token that a given part of all requests did not exceed, for each "
                + "policy. A cross marks where refused requests begin.",
            limits: limits("TTFT", \.deadlineMilliseconds), \.firstTokenCurve)
    }

    /// Gaps between tokens by the part of all gaps that did not exceed them.
    var gap: LinePlot? {
        byPercentile(
            "Gap between tokens by percentile",
            "The gap between two tokens of an answer that a given part of all gaps did not exceed, for "
                + "each policy.", limits: limits("TPOT", \.perTokenMilliseconds),
            countsRequests: false, \.gapCurve)
    }

    /// What the classes are promised.
    private func limits(
        _ what: String, _ value: KeyPath<ScenarioClass, Double>
    ) -> [LinePlot.Limit] {
        summary.scenario.classes.map { entry in
            let limit = entry[keyPath: value]
            return LinePlot.Limit(
                direction: .horizontal, value: limit,
                text: "\(what) of \(entry.name), \(FigureText.plain(limit)) ms")
        }
    }
}
