/// A JSON value whose members stand in the order they were written in, so that a report is the same text
/// each time.
indirect enum JSONText {
    case null
    case truth(Bool)
    case integer(Int)
    /// Rounded to six digits that count; `null` when infinite or no number at all.
    case number(Double)
    case text(String)
    case list([JSONText])
    case members([(String, JSONText)])

    /// The text, indented by two spaces a level. Lists of plain numbers stay in one line.
    func rendered(indent: String = "") -> String {
        switch self {
        case .null: return "null"
        case .truth(let value): return value ? "true" : "false"
        case .integer(let value): return "\(value)"
        case .number(let value): return Self.number(value)
        case .text(let value): return Self.quoted(value)
        case .list(let values):
            guard !values.isEmpty else { return "[]" }
            if values.allSatisfy(\.isPlain) {
                return "[" + values.map { $0.rendered() }.joined(separator: ", ") + "]"
            }
            let inner = indent + "  "
            return "[\n"
                + values.map { inner + $0.rendered(indent: inner) }.joined(separator: ",\n")
                + "\n\(indent)]"
        case .members(let members):
            guard !members.isEmpty else { return "{}" }
            let inner = indent + "  "
            return "{\n"
                + members.map { "\(inner)\(Self.quoted($0.0)): \($0.1.rendered(indent: inner))" }
                .joined(separator: ",\n") + "\n\(indent)}"
        }
    }

    private var isPlain: Bool {
        switch self {
        case .list, .members: false
        default: true
        }
    }

    /// Six digits that count are more than a simulation knows, and keep the text readable.
    private static func number(_ value: Double) -> String {
        guard value.isFinite else { return "null" }
        guard value != 0 else { return "0" }
        var digits = 0
        var magnitude = abs(value)
        while magnitude < 100_000, digits < 12 {
            magnitude *= 10
            digits += 1
        }
        var text = FigureText.fixed(value, digits)
        if text.contains(".") {
            while text.hasSuffix("0") { text.removeLast() }
            if text.hasSuffix(".") { text.removeLast() }
        }
        return text
    }

    private static func quoted(_ text: String) -> String {
        var quoted = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": quoted += "\\\""
            case "\\": quoted += "\\\\"
            case "\n": quoted += "\\n"
            case "\r": quoted += "\\r"
            case "\t": quoted += "\\t"
            case _ where scalar.value < 0x20:
                let digits = String(scalar.value, radix: 16)
                quoted += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            default: quoted.unicodeScalars.append(scalar)
            }
        }
        return quoted + "\""
    }
}
