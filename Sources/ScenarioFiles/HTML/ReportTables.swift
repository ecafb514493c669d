internal import Simulator

/// The tables of the HTML report.
struct ReportTables {
    private let summary: Summary
    private let result: ScenarioResult

    init(_ summary: Summary, _ result: ScenarioResult) {
        self.summary = summary
        self.result = result
    }

    /// A column: its name, its unit, the figure behind it.
    private struct Column {
        var title: String
        var unit: String
        var figure: String

        init(_ title: String, _ unit: String, _ figure: String) {
            self.title = title
            self.unit = unit
            self.figure = figure
        }
    }

    private var columns: [Column] {
        guard summary.scenario.generation == nil else {
            let columns = GenerationColumn.all.map { Column($0.title, $0.unit, $0.figure) }
            return summary.scenario.search == nil
                ? columns : columns + [Column("highest rate", "per second", "max_rate_rps")]
        }
        var columns = [
            Column("in time", "per second", "in_time_rps"), Column("rejected", "%", "rejected_pct"),
            Column("late", "%", "late_pct"), Column("errors", "%", "error_pct"),
            Column("mean", "ms", "latency_ms.mean"), Column("P50", "ms", "latency_ms.p50"),
            Column("P90", "ms", "latency_ms.p90"), Column("P99", "ms", "latency_ms.p99"),
            Column("P99.9", "ms", "latency_ms.p999"),
            Column("strict P99", "rejects = never", "strict_p99_ms"),
            Column("batch", "rows", "mean_batch"),
        ]
        if summary.scenario.search != nil {
            columns.append(Column("highest rate", "per second", "max_rate_rps"))
        }
        if summary.hasVariants {
            columns.append(Column("cheaper variant", "%", "cheaper_variant_pct"))
        }
        if summary.hasBreakers {
            columns += [
                Column("taken out", "times", "isolations"),
                Column("wrongly", "times", "false_isolations"),
                Column("unnoticed", "defects", "undetected_defects"),
                Column("noticed after", "ms", "detection_ms"),
                Column("noticed after", "batches", "detection_batches"),
            ]
        }
        if summary.scenario.comparesWithOptimum {
            columns.append(Column("of optimum", "%", "of_optimum_pct"))
        }
        for entry in summary.extras {
            columns.append(Column(entry.title, entry.unit, entry.name))
        }
        return columns
    }

    /// One row a policy, then the figures of others.
    var figures: String {
        var text = "<div class=\"scroll\"><table><thead><tr><th>policy</th>"
        for column in columns { text += "<th>\(column.title)<small>\(column.unit)</small></th>" }
        text += "</tr></thead><tbody>\n"
        for (index, policy) in summary.policies.enumerated() {
            text += "<tr><td>\(Self.key(index))\(escape(policy))</td>"
            for column in columns {
                let value = summary.figure(column.figure, policy)
                text += "<td>\(Unit.of(column.figure).number(value))</td>"
            }
            text += "</tr>\n"
        }
        for row in summary.scenario.references {
            text += "<tr class=\"reference\"><td>\(escape(row.name))</td>"
            for column in columns { text += "<td>\(Self.cell(row, column.figure))</td>" }
            text += "</tr>\n"
        }
        return text + "</tbody></table></div>\n"
    }

    private static func cell(_ row: ReferenceRow, _ figure: String) -> String {
        switch figure {
        case "in_time_rps": row.ratePerSecond.map { "at " + FigureText.grouped($0) } ?? ""
        case "error_pct": row.errorPercent.map(FigureText.percent) ?? ""
        case "latency_ms.mean": row.meanMilliseconds.map(FigureText.short) ?? ""
        case "latency_ms.p99": FigureText.short(row.p99Milliseconds)
        default: ""
        }
    }

    private static func key(_ index: Int) -> String {
        "<span class=\"key s\(PlotStyle.style(index))\"></span>"
    }

    /// What stands beside the share in time of each class.
    private var classColumns: [Column] {
        summary.scenario.generation == nil
            ? [Column("P99", "ms", "p99_ms")]
            : [
                Column("TTFT P99", "ms", "ttft_p99_ms"), Column("TPOT P99", "ms", "tpot_p99_ms"),
            ]
    }

    /// Share in time and latencies of each class; nothing when there is but one.
    var classes: String {
        guard summary.classes.count > 1 else { return "" }
        var text = "<h3>Classes</h3>\n<div class=\"scroll\"><table><thead><tr><th>policy</th>"
        for name in summary.classes {
            text += "<th>\(escape(name))<small>in time, %</small></th>"
            for column in classColumns {
                text += "<th><small>\(column.title), \(column.unit)</small></th>"
            }
        }
        text += "</tr></thead><tbody>\n"
        for (index, policy) in summary.policies.enumerated() {
            text += "<tr><td>\(Self.key(index))\(escape(policy))</td>"
            for name in summary.classes {
                let share = summary.figure("in_time_pct", policy, className: name)
                text += "<td>\(Unit.percent.number(share))</td>"
                for column in classColumns {
                    let value = summary.figure(column.figure, policy, className: name)
                    text += "<td>\(Unit.of(column.figure).number(value))</td>"
                }
            }
            text += "</tr>\n"
        }
        return text + "</tbody></table></div>\n"
    }

    /// Each target beside what was measured.
    var targets: String {
        guard !result.verdicts.isEmpty else { return "" }
        var text =
            "<h3>Targets</h3>\n<div class=\"scroll\"><table class=\"words\"><thead><tr><th></th><th>figure</th>"
            + "<th>policy</th><th>has to be</th><th>is</th></tr></thead><tbody>\n"
        for verdict in result.verdicts {
            // First, so that a narrow screen shows it.
            text +=
                verdict.holds
                ? "<tr><td class=\"good\">✓ holds</td>" : "<tr><td class=\"bad\">✗ missed</td>"
            text += "<td>\(escape(verdict.subject))</td><td>\(escape(verdict.target.policy))</td>"
            text += "<td>\(escape(verdict.bound))</td><td>\(escape(verdict.outcome))</td></tr>\n"
        }
        return text + "</tbody></table></div>\n"
    }
}
