internal import Simulator

/// How the figures of a report are written.
enum Unit {
    case milliseconds
    case perSecond
    case percent
    case rows
    case times
    case batches

    /// The unit of a figure, from its name.
    static func of(_ figure: String) -> Unit {
        if figure.hasSuffix("_rps") || figure.hasSuffix("_tps") { return .perSecond }
        if figure.hasSuffix("_pct") { return .percent }
        switch figure {
        case "preemptions", "isolations", "false_isolations", "undetected_defects",
            "health_changes",
            "process_ends", "attempts":
            return .times
        case "detection_batches": return .batches
        case "mean_batch": return .rows
        default: return .milliseconds
        }
    }

    var text: String {
        switch self {
        case .milliseconds: "ms"
        case .perSecond: "/s"
        case .percent: "%"
        case .rows: "rows"
        case .times: "times"
        case .batches: "batches"
        }
    }

    /// The value without its unit; infinite ones are written as never.
    func number(_ value: Double?) -> String {
        guard let value else { return "–" }
        guard value.isFinite else { return "never" }
        switch self {
        case .milliseconds, .rows, .batches: return FigureText.short(value)
        // Few a second are told apart by their digits.
        case .perSecond:
            return abs(value) < 99.95 ? FigureText.short(value) : FigureText.grouped(value)
        case .times:
            return value == value.rounded()
                ? FigureText.grouped(value) : FigureText.short(value)
        case .percent: return FigureText.percent(value)
        }
    }

    /// The value with its unit.
    func written(_ value: Double?) -> String {
        guard let value, value.isFinite else { return number(value) }
        return self == .perSecond ? "\(number(value))/s" : "\(number(value)) \(text)"
    }
}

extension TargetVerdict {
    /// What the figure has to be, such as `≤ 76 ms`.
    var bound: String {
        let unit = Unit.of(target.figure)
        func exact(_ value: Double) -> String {
            let number =
                unit == .perSecond && value >= 100
                ? FigureText.grouped(value) : FigureText.plain(value)
            return unit == .perSecond ? "\(number)/s" : "\(number) \(unit.text)"
        }
        switch target.bound {
        case .atMost(let limit): return "≤ \(exact(limit))"
        case .atLeast(let limit): return "≥ \(exact(limit))"
        case .within(let percent, let value):
            return "\(exact(value)) ± \(FigureText.plain(percent)) %"
        }
    }

    /// Which figure, where it needs saying: of which class, at which rate.
    var subject: String {
        var text = target.figure
        if let name = target.className { text = "\(name): \(text)" }
        if let rate = target.atRatePerSecond { text += " at \(FigureText.grouped(rate))/s" }
        return text
    }

    /// What came out. A figure that rounds to its own limit is written with all digits that tell them
    /// apart.
    var outcome: String {
        guard let deciding else { return "not measured" }
        let unit = Unit.of(target.figure)
        guard deciding.isFinite else { return unit.number(deciding) }
        let short = unit.written(deciding)
        let limits: [Double] =
            switch target.bound {
            case .atMost(let limit), .atLeast(let limit): [limit]
            case .within: []
            }
        guard let limit = limits.first, !holds, unit.written(limit) == short else { return short }
        return "\(deciding) \(unit.text)"
    }
}
