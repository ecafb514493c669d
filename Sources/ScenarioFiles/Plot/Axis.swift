internal import Foundation

/// Maps values to a length between 0 and 1, and says where marks stand.
struct Axis {
    /// How values spread over the axis.
    enum Scale {
        /// Evenly.
        case linear
        /// By their logarithm; values must be positive.
        case logarithmic
        /// Quantiles by their number of nines: 0, 0.9, 0.99 and 0.999 are equally far apart.
        case nines
    }

    /// A mark with its text.
    struct Tick {
        var value: Double
        var text: String
    }

    let label: String
    let scale: Scale
    let range: ClosedRange<Double>
    let ticks: [Tick]

    /// Evenly from 0, or from the smallest value when `fromZero` is not set, to a round number.
    static func linear(_ label: String, upTo highest: Double, marks: Int = 5) -> Axis {
        let top = highest > 0 && highest.isFinite ? highest : 1
        let step = niceStep(top / Double(marks))
        let end = (top / step - 1e-9).rounded(.up) * step
        let ticks = stride(from: 0, through: end + step / 2, by: step).map {
            Tick(value: $0, text: tickText($0, step: step))
        }
        return Axis(label: label, scale: .linear, range: 0...end, ticks: ticks)
    }

    /// Evenly between two values, such as the ends of a run.
    static func linear(_ label: String, _ range: ClosedRange<Double>, marks: Int = 5) -> Axis {
        let width = range.upperBound - range.lowerBound
        guard width > 0 else { return linear(label, upTo: range.upperBound, marks: marks) }
        let step = niceStep(width / Double(marks))
        let first = (range.lowerBound / step - 1e-9).rounded(.up) * step
        let ticks = stride(from: first, through: range.upperBound + step * 1e-6, by: step).map {
            Tick(value: $0, text: tickText($0, step: step))
        }
        return Axis(label: label, scale: .linear, range: range, ticks: ticks)
    }

    /// States that have names instead of numbers.
    static func states(_ label: String, _ names: [String]) -> Axis {
        Axis(
            label: label, scale: .linear, range: 0...Double(max(names.count - 1, 1)),
            ticks: names.enumerated().map { Tick(value: Double($0.offset), text: $0.element) })
    }

    /// By logarithm, over all positive values given.
    static func logarithmic(_ label: String, over values: [Double]) -> Axis {
        let positive = values.filter { $0 > 0 && $0.isFinite }
        let low = positive.min() ?? 1
        let high = max(positive.max() ?? 10, low * 2)
        let steps: [Double] = [1, 2, 5]
        var marks: [Double] = []
        for power in Int(log10(low).rounded(.down)) - 1...Int(log10(high).rounded(.up)) + 1 {
            for step in steps { marks.append(step * pow(10, Double(power))) }
        }
        let start = marks.last { $0 <= low * 1.000_001 } ?? low
        let end = marks.first { $0 >= high * 0.999_999 } ?? high
        var shown = marks.filter { $0 >= start && $0 <= end }
        if shown.count > 8 {
            let decades = shown.filter { log10($0).rounded() == log10($0) }
            if decades.count >= 3 { shown = decades }
        }
        return Axis(
            label: label, scale: .logarithmic, range: start...end,
            ticks: shown.map {
                Tick(
                    value: $0,
                    text: $0 >= 1_000 ? FigureText.grouped($0) : FigureText.plain(rounded($0)))
            })
    }

    /// Quantiles from 0 to `highest`, which is below 1.
    static func nines(_ label: String, upTo highest: Double) -> Axis {
        let marks: [(Double, String)] = [
            (0, "0"), (0.5, "50"), (0.9, "90"), (0.99, "99"), (0.999, "99.9"), (0.9999, "99.99"),
        ]
        let shown = marks.filter { $0.0 <= highest + 1e-9 }
        return Axis(
            label: label, scale: .nines, range: 0...highest,
            ticks: shown.map { Tick(value: $0.0, text: $0.1) })
    }

    /// Where `value` stands, 0 at the start and 1 at the end; what lies beyond stands at the edge.
    func position(_ value: Double) -> Double {
        let low = transformed(range.lowerBound)
        let high = transformed(range.upperBound)
        guard high > low else { return 0 }
        let clamped = min(max(value, range.lowerBound), range.upperBound)
        return (transformed(clamped) - low) / (high - low)
    }

    private func transformed(_ value: Double) -> Double {
        switch scale {
        case .linear: value
        case .logarithmic: log10(max(value, .leastNormalMagnitude))
        case .nines: -log10(max(1 - value, 1e-9))
        }
    }

    private static func niceStep(_ rough: Double) -> Double {
        let power = pow(10, log10(rough).rounded(.down))
        let lead = rough / power
        let nice = lead <= 1 ? 1 : lead <= 2 ? 2 : lead <= 2.5 ? 2.5 : lead <= 5 ? 5 : 10.0
        return nice * power
    }

    private static func tickText(_ value: Double, step: Double) -> String {
        if step >= 1 { return FigureText.grouped(value) }
        return FigureText.fixed(
            value,
            min(
                max(Int((-log10(step)).rounded(.up)), 0)
                    + (step * 4 == (step * 4).rounded() ? 1 : 0), 4))
    }

    private static func rounded(_ value: Double) -> Double {
        let digits = pow(10, 2 - log10(value).rounded(.down))
        return (value * digits).rounded() / digits
    }
}
