/// Numbers as a person reads them. Written out because the figures of a report must not depend on the
/// locale of the machine that writes it.
enum FigureText {
    /// The shortest decimal text: `12000`, `0.0793`.
    static func plain(_ value: Double) -> String {
        if value == value.rounded(), abs(value) < 1e15 { return "\(Int(value))" }
        return "\(value)"
    }

    /// With exactly `digits` decimals: `2.50`.
    static func fixed(_ value: Double, _ digits: Int) -> String {
        guard value.isFinite else { return value.isNaN ? "–" : value < 0 ? "-∞" : "∞" }
        var scale = 1.0
        for _ in 0..<digits { scale *= 10 }
        let scaled = (abs(value) * scale).rounded()
        guard scaled < 9e15 else { return "\(value)" }
        let units = Int(scaled)
        let sign = value < 0 && units > 0 ? "-" : ""
        guard digits > 0 else { return "\(sign)\(units)" }
        let whole = units / Int(scale)
        let rest = String(units % Int(scale))
        return "\(sign)\(whole).\(String(repeating: "0", count: digits - rest.count))\(rest)"
    }

    /// A whole number with thousands set apart: `12,000`.
    static func grouped(_ value: Double) -> String {
        guard value.isFinite, abs(value) < 9e15 else { return fixed(value, 0) }
        var digits = String(Int(abs(value).rounded()))
        var groups: [String] = []
        while digits.count > 3 {
            groups.insert(String(digits.suffix(3)), at: 0)
            digits.removeLast(3)
        }
        groups.insert(digits, at: 0)
        return (value <= -0.5 ? "-" : "") + groups.joined(separator: ",")
    }

    /// Three digits that count: `0.42`, `4.31`, `43.1`, `431`, `4,310`.
    static func short(_ value: Double) -> String {
        guard value.isFinite else { return fixed(value, 0) }
        switch abs(value) {
        case 0: return "0"
        case ..<0.0995: return fixed(value, 3)
        case ..<9.995: return fixed(value, 2)
        case ..<99.95: return fixed(value, 1)
        default: return grouped(value)
        }
    }

    /// A percentage whose small values keep their digits: `0.03`, `99.9`, `100`.
    static func percent(_ value: Double) -> String {
        if value == 0 { return "0" }
        if value == 100 { return "100" }
        // Rounding must not turn "almost all" into "all", nor "hardly any" into "none".
        if value > 99.5 || value < 9.995 {
            let text = fixed(value, 2)
            if text == "100.00" { return "99.99" }
            return text == "0.00" ? "<0.01" : text
        }
        return fixed(value, 1)
    }
}
