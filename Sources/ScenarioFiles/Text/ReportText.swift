internal import Simulator

/// What a scenario came to, for a terminal.
package struct ReportText {
    private let summary: Summary
    private let result: ScenarioResult
    private let isColoured: Bool

    /// A text about a scenario that has been run, with colours for a terminal that shows them.
    package init(_ finished: FinishedScenario, isColoured: Bool) {
        summary = Summary(finished.scenario, finished.result)
        result = finished.result
        self.isColoured = isColoured
    }

    /// All lines.
    package var lines: [String] {
        var lines = [TextTable.paint(summary.scenario.name, isColoured ? .strong : .plain)]
        lines.append("  \(summary.facts)")
        if !summary.scenario.about.isEmpty { lines.append("  \(summary.scenario.about)") }
        lines.append("")
        lines += figures.lines(isColoured: isColoured)
        for table in [classes, sweep, targets] where !table.isEmpty {
            lines.append("")
            lines += table.lines(isColoured: isColoured)
        }
        return lines
    }

    /// How many targets hold, or `nil` without targets.
    package var verdict: String? {
        guard !result.verdicts.isEmpty else { return nil }
        let held = result.verdicts.count { $0.holds }
        let all = result.verdicts.count
        let text =
            held == all
            ? (all == 1 ? "the target holds" : "all \(all) targets hold")
            : "\(all - held) of \(all) target\(all == 1 ? "" : "s") missed"
        return TextTable.paint(
            "\(held == all ? "✓" : "✗") \(summary.scenario.name): \(text)",
            isColoured ? (held == all ? .good : .bad) : .plain)
    }

    private var figures: TextTable {
        summary.scenario.generation == nil ? batchFigures : generationFigures
    }

    private var generationFigures: TextTable {
        var columns = GenerationColumn.all.map { (title: $0.heading, figure: $0.figure) }
        if summary.scenario.search != nil { columns.append(("max rate/s", "max_rate_rps")) }
        var table = TextTable(
            [.init("policy", isNumber: false)] + columns.map { TextTable.Column($0.title) })
        for policy in summary.policies {
            let cells = columns.map { column in
                TextTable.Cell(
                    Unit.of(column.figure).number(summary.figure(column.figure, policy)))
            }
            table.add([.init(policy, .strong)] + cells)
        }
        return table
    }

    private var batchFigures: TextTable {
        var columns = [
            TextTable.Column("policy", isNumber: false), .init("in time/s"), .init("rejected %"),
            .init("late %"), .init("mean ms"), .init("P50 ms"), .init("P90 ms"), .init("P99 ms"),
            .init("strict P99 ms"), .init("batch"),
        ]
        let hasSearch = summary.scenario.search != nil
        if hasSearch { columns.append(.init("max rate/s")) }
        if summary.hasVariants { columns.append(.init("cheaper %")) }
        if summary.hasBreakers {
            columns += [
                .init("taken out"), .init("wrongly"), .init("unnoticed"), .init("after ms"),
                .init("after batches"),
            ]
        }
        if summary.scenario.comparesWithOptimum { columns.append(.init("of optimum %")) }
        columns += summary.extras.map { TextTable.Column($0.title) }
        var table = TextTable(columns)
        for policy in summary.policies {
            var names = [
                "in_time_rps", "rejected_pct", "late_pct", "latency_ms.mean", "latency_ms.p50",
                "latency_ms.p90", "latency_ms.p99", "strict_p99_ms", "mean_batch",
            ]
            if hasSearch { names.append("max_rate_rps") }
            if summary.hasVariants { names.append("cheaper_variant_pct") }
            if summary.hasBreakers { names += BreakerFigures.names }
            if summary.scenario.comparesWithOptimum { names.append("of_optimum_pct") }
            names += summary.extras.map(\.name)
            table.add(
                [.init(policy, .strong)]
                    + names.map { name in
                        .init(Unit.of(name).number(summary.figure(name, policy)))
                    })
        }
        for row in summary.scenario.references {
            let mean = row.meanMilliseconds.map(FigureText.short) ?? ""
            let errors = row.errorPercent.map { "\(FigureText.percent($0)) err." } ?? ""
            let name =
                row.ratePerSecond.map { "\(row.name) @ \(FigureText.grouped($0))/s" } ?? row.name
            table.add(
                [name, "", errors, "", mean, "", "", FigureText.short(row.p99Milliseconds)].map {
                    .init($0, .faint)
                })
        }
        return table
    }

    private var classes: TextTable {
        guard summary.classes.count > 1 else { return TextTable([]) }
        var table = TextTable(
            [.init("in time %", isNumber: false)] + summary.classes.map { .init($0) })
        for policy in summary.policies {
            table.add(
                [.init(policy, .strong)]
                    + summary.classes.map { name in
                        .init(
                            Unit.percent.number(
                                summary.figure("in_time_pct", policy, className: name)))
                    })
        }
        return table
    }

    private var sweep: TextTable {
        guard !summary.sweepRates.isEmpty else { return TextTable([]) }
        let isText = summary.scenario.generation != nil
        let figure = isText ? "in_time_rps" : "strict_p99_ms"
        let title = isText ? "in time/s at rate/s" : "strict P99 ms at rate/s"
        var table = TextTable(
            [.init(title, isNumber: false)] + summary.policies.map { .init($0) })
        for rate in summary.sweepRates {
            table.add(
                [.init(FigureText.grouped(rate))]
                    + summary.policies.map { policy in
                        .init(
                            Unit.of(figure).number(
                                summary.figure(figure, policy, atRate: rate)))
                    })
        }
        return table
    }

    private var targets: TextTable {
        guard !result.verdicts.isEmpty else { return TextTable([]) }
        var table = TextTable([
            .init("target", isNumber: false), .init("of", isNumber: false),
            .init("has to be", isNumber: false), .init("is", isNumber: false),
            .init("", isNumber: false),
        ])
        for verdict in result.verdicts {
            let tone: TextTable.Tone = verdict.holds ? .good : .bad
            table.add([
                .init(verdict.subject), .init(verdict.target.policy), .init(verdict.bound),
                .init(verdict.outcome, .strong),
                .init(verdict.holds ? "✓ holds" : "✗ missed", tone),
            ])
        }
        return table
    }
}
