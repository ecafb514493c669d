internal import Simulator

// MARK: What controllers were set to

extension ReportPlots {
    /// A plot of one panel.
    struct Control {
        var name: String
        var plot: LinePlot
    }

    /// The panels in the order of the policies: one plot for all policies where each has but one setting
    /// there, otherwise one plot for each policy.
    var controls: [Control] {
        var panels: [ControlPanel] = []
        for policy in summary.policies {
            for series in summary.first(policy)?.controls ?? []
            where !panels.contains(series.panel) { panels.append(series.panel) }
        }
        return panels.flatMap(plots)
    }

    private func plots(of panel: ControlPanel) -> [Control] {
        let settings = summary.policies.map { policy in
            (summary.first(policy)?.controls ?? []).filter { $0.panel == panel }
        }
        if settings.allSatisfy({ $0.count <= 1 }) {
            let lines = zip(summary.policies, settings).enumerated().flatMap { index, entry in
                entry.1.map { line($0, name: entry.0, style: index) }
            }
            return plot(panel, panel.title, lines)
        }
        return zip(summary.policies, settings).flatMap { policy, settings in
            plot(
                panel, "\(panel.title): \(policy)",
                settings.enumerated().map { line($1, name: $1.name, style: $0) })
        }
    }

    private func plot(
        _ panel: ControlPanel, _ title: String, _ lines: [LinePlot.Series]
    ) -> [Control] {
        // Settings that never change have no story to tell.
        guard lines.contains(where: { $0.points.count > 2 }) else { return [] }
        let top = lines.flatMap { $0.points.map(\.y) }.max() ?? 1
        let y: Axis =
            panel.states.isEmpty
            ? .linear(panel.unit, upTo: top) : .states(panel.unit, panel.states)
        let plot = LinePlot(
            title: title, description: "What the controller was set to over the run.",
            x: .linear("seconds", 0...summary.scenario.durationSeconds), y: y, series: lines)
        return [Control(name: title, plot: plot)]
    }

    /// A setting up to the end of the traffic: after it everything drains.
    private func line(_ series: ControlSeries, name: String, style: Int) -> LinePlot.Series {
        let end = summary.scenario.durationSeconds
        var points = series.changes.filter { $0.seconds <= end }.map {
            LinePlot.Point($0.seconds, $0.value)
        }
        if let last = points.last { points.append(LinePlot.Point(end, last.y)) }
        return LinePlot.Series(
            name: name, style: PlotStyle.style(style), points: points, isStepped: true)
    }
}
