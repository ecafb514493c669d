/// The few elements that the plots are made of, with text escaped and numbers kept short.
struct SVG {
    private(set) var text = ""

    /// Adds an element without content; attributes in the given order.
    mutating func add(_ name: String, _ attributes: KeyValuePairs<String, String>) {
        text += "<\(name)\(Self.render(attributes))/>"
    }

    /// Adds an element around a title that browsers show as a tooltip.
    mutating func add(
        _ name: String, _ attributes: KeyValuePairs<String, String>, tooltip: String
    ) {
        text += "<\(name)\(Self.render(attributes))><title>\(escape(tooltip))</title></\(name)>"
    }

    /// Adds a text.
    mutating func label(
        _ content: String, x: Double, y: Double, style: String, anchor: String = "start",
        rotated: Bool = false
    ) {
        let turn = rotated ? " transform=\"rotate(-90 \(Self.number(x)) \(Self.number(y)))\"" : ""
        text +=
            "<text class=\"\(style)\" x=\"\(Self.number(x))\" y=\"\(Self.number(y))\" "
            + "text-anchor=\"\(anchor)\"\(turn)>\(escape(content))</text>"
    }

    /// Adds a straight line.
    mutating func line(
        _ x1: Double, _ y1: Double, _ x2: Double, _ y2: Double, style: String
    ) {
        add(
            "line",
            [
                "class": style, "x1": Self.number(x1), "y1": Self.number(y1),
                "x2": Self.number(x2), "y2": Self.number(y2),
            ])
    }

    /// Adds what another drawing holds.
    mutating func append(_ other: SVG) {
        text += other.text
    }

    /// A coordinate: a tenth of a unit is finer than a screen shows.
    static func number(_ value: Double) -> String {
        let tenths = (value * 10).rounded()
        return tenths.truncatingRemainder(dividingBy: 10) == 0
            ? FigureText.fixed(value, 0) : FigureText.fixed(value, 1)
    }

    private static func render(_ attributes: KeyValuePairs<String, String>) -> String {
        attributes.map { " \($0.key)=\"\(escape($0.value))\"" }.joined()
    }
}

/// Text as XML and HTML want it.
func escape(_ text: String) -> String {
    var escaped = ""
    for character in text {
        switch character {
        case "&": escaped += "&amp;"
        case "<": escaped += "&lt;"
        case ">": escaped += "&gt;"
        case "\"": escaped += "&quot;"
        default: escaped.append(character)
        }
    }
    return escaped
}
