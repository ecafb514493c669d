internal import Simulator

// MARK: Latency, throughput, classes

extension ReportPlots {
    /// Latency by the part of all requests that did not exceed it. Refused ones have no latency: a line
    /// ends where they begin.
    var latency: LinePlot? {
        byPercentile(
            "Latency by percentile",
            "The latency that a given part of all requests did not exceed, for each policy. "
                + "A cross marks where refused requests begin.",
            limits: deadline.map { [Self.deadlineLimit($0)] } ?? [], \.latencyCurve)
    }

    /// Curves over the part of all requests, one for each policy.
    ///
    /// - Parameter countsRequests: Whether values are one for each request; then a line ends where
    ///   requests were refused.
    func byPercentile(
        _ title: String, _ description: String, limits: [LinePlot.Limit],
        countsRequests: Bool = true, _ curve: KeyPath<PolicyReport, [LatencyPoint]>
    ) -> LinePlot? {
        var lines: [LinePlot.Series] = []
        for (index, policy) in summary.policies.enumerated() {
            guard let report = summary.first(policy), report[keyPath: curve].count > 1 else {
                continue
            }
            let figures = report.figures
            let answered =
                countsRequests
                ? 1 - (figures.rejectedPercent + figures.failedPercent) / 100 : 1
            guard answered > 0 else { continue }
            var points = report[keyPath: curve].filter { $0.milliseconds > 0 }.map {
                LinePlot.Point($0.quantile * answered, $0.milliseconds)
            }
            points.removeAll { $0.x > Self.highestQuantile }
            for mark in [0.5, 0.9, 0.99, 0.999] where mark < answered {
                guard let position = points.firstIndex(where: { $0.x >= mark }) else { continue }
                points[position].tooltip =
                    "\(policy): \(FigureText.plain(mark * 100)) % within "
                    + Unit.milliseconds.written(points[position].y)
            }
            lines.append(
                LinePlot.Series(
                    name: policy, style: PlotStyle.style(index), points: points,
                    endsInRefusal: answered < 0.999))
        }
        guard !lines.isEmpty else { return nil }
        let values = lines.flatMap { $0.points.map(\.y) } + limits.map(\.value)
        let top = lines.flatMap { $0.points.map(\.x) }.max() ?? 0.99
        return LinePlot(
            title: title, description: description,
            x: .nines(
                countsRequests ? "percent of all requests" : "percent of all gaps",
                upTo: max(top, 0.99)),
            y: .logarithmic("milliseconds", over: values), series: lines, limits: limits)
    }

    private static let highestQuantile = 0.9999

    private static func deadlineLimit(_ deadline: Double) -> LinePlot.Limit {
        LinePlot.Limit(
            direction: .horizontal, value: deadline,
            text: "deadline \(FigureText.plain(deadline)) ms")
    }

    /// What each policy delivers against what it costs in latency, by the rates of the sweep.
    var frontier: LinePlot? {
        let highest = (deadline ?? 100) * 10
        var lines: [LinePlot.Series] = []
        for (index, policy) in summary.policies.enumerated() {
            var points: [LinePlot.Point] = []
            for rate in summary.sweepRates {
                guard let served = summary.figure("in_time_rps", policy, atRate: rate),
                    let p99 = summary.figure("latency_ms.p99", policy, atRate: rate), p99 > 0
                else { continue }
                let tooltip =
                    "\(policy) at \(FigureText.grouped(rate))/s: \(FigureText.grouped(served))/s in time, "
                    + "P99 \(FigureText.short(p99)) ms"
                points.append(.init(served, min(p99, highest), tooltip: tooltip))
            }
            guard points.count > 1 else { continue }
            lines.append(.init(name: policy, style: PlotStyle.style(index), points: points))
        }
        guard !lines.isEmpty else { return nil }
        let served = lines.flatMap { $0.points.map(\.x) }.max() ?? 0
        let references = summary.scenario.references.compactMap { row in
            // A figure for another scale of system would only squeeze ours together.
            row.ratePerSecond.flatMap { $0 <= served * 1.5 ? $0 : nil }.map { rate in
                LinePlot.Reference(
                    point: .init(
                        rate, row.p99Milliseconds,
                        tooltip: "\(row.name): \(FigureText.grouped(rate))/s, P99 "
                            + "\(FigureText.short(row.p99Milliseconds)) ms"),
                    text: row.name)
            }
        }
        let x = lines.flatMap { $0.points.map(\.x) } + references.map(\.point.x)
        let y =
            lines.flatMap { $0.points.map(\.y) } + references.map(\.point.y)
            + (deadline.map { [$0] } ?? [])
        return LinePlot(
            title: "Throughput against P99",
            description:
                "Requests answered in time per second, against the 99 % quantile of the latency, "
                + "as the offered rate grows. Lines that turn back lose throughput to overload.",
            x: .linear("in time per second", upTo: x.max() ?? 1),
            y: .logarithmic("P99, milliseconds", over: y), series: lines,
            limits: deadline.map { [Self.deadlineLimit($0)] } ?? [], references: references)
    }

    /// What is served in time of what is offered.
    var goodput: LinePlot? {
        guard summary.sweepRates.count > 1 else { return nil }
        var lines: [LinePlot.Series] = []
        for (index, policy) in summary.policies.enumerated() {
            let points = summary.sweepRates.compactMap { rate in
                summary.figure("in_time_rps", policy, atRate: rate).map { served in
                    LinePlot.Point(
                        rate, served,
                        tooltip: "\(policy): \(Unit.perSecond.number(served)) of "
                            + "\(Unit.perSecond.number(rate))/s in time")
                }
            }
            guard points.count > 1 else { continue }
            lines.append(.init(name: policy, style: PlotStyle.style(index), points: points))
        }
        guard !lines.isEmpty, let highest = summary.sweepRates.max(),
            let lowest = summary.sweepRates.min()
        else { return nil }
        return LinePlot(
            title: "In time of what is offered",
            description:
                "Requests answered in time per second, by the rate at which requests come. A "
                + "policy that keeps working on doomed requests falls to zero beyond the capacity.",
            x: .linear("offered per second", min(lowest, highest / 4)...highest),
            y: .linear("in time per second", upTo: lines.flatMap { $0.points.map(\.y) }.max() ?? 1),
            series: lines)
    }

    /// The part of each class that was answered in time.
    var classes: BarPlot? {
        guard summary.classes.count > 1 else { return nil }
        let groups = summary.policies.map { policy in
            BarPlot.Group(
                name: policy,
                bars: summary.classes.enumerated().map { index, name in
                    let share = summary.figure("in_time_pct", policy, className: name) ?? 0
                    return BarPlot.Bar(
                        value: share, style: PlotStyle.shade(index),
                        text: Unit.percent.number(share),
                        tooltip: "\(policy), \(name): \(Unit.percent.number(share)) % in time")
                })
        }
        return BarPlot(
            title: "In time, by class",
            description:
                "The part of each class's requests that was answered in time, for each policy.",
            axis: .linear("percent in time", upTo: 100, marks: 4),
            legend: summary.classes.enumerated().map {
                (name: $0.element, style: PlotStyle.shade($0.offset))
            }, groups: groups)
    }
}
