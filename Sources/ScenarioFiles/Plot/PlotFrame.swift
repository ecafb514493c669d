/// The parts that all plots share: title, legend, axes, grid.
struct PlotFrame {
    /// A name with its colour and dash pattern.
    struct LegendEntry {
        var name: String
        var style: Int
    }

    /// Width of every plot in its own units; small enough that its texts can be read on a phone.
    static let width = 480.0

    var title: String
    var description: String
    var x: Axis?
    var y: Axis
    var legend: [LegendEntry] = []
    /// Height of the area between the axes.
    var innerHeight = 220.0

    private static let right = 14.0
    private static let legendRow = 18.0

    /// Estimated width of a text in the legend's size.
    static func textWidth(_ text: String) -> Double { Double(text.count) * 6.6 }

    private static func legendWidth(_ name: String) -> Double { 42 + textWidth(name) }

    private var legendRows: [[LegendEntry]] {
        var rows: [[LegendEntry]] = []
        var used = 0.0
        for entry in legend {
            let needed = Self.legendWidth(entry.name)
            if rows.isEmpty || used + needed > Self.width - 24 {
                rows.append([])
                used = 0
            }
            rows[rows.count - 1].append(entry)
            used += needed
        }
        return rows
    }

    var top: Double { 34 + Double(legendRows.count) * Self.legendRow + 10 }
    var bottom: Double { top + innerHeight }
    var height: Double { bottom + 44 }
    /// Room for the name of the axis and the longest of its numbers.
    var leftEdge: Double {
        30 + (y.ticks.map { Self.textWidth($0.text) }.max() ?? 24)
    }
    var rightEdge: Double { Self.width - Self.right }

    func pixelX(_ value: Double) -> Double {
        guard let x else { return leftEdge }
        return leftEdge + x.position(value) * (rightEdge - leftEdge)
    }

    func pixelY(_ value: Double) -> Double {
        bottom - y.position(value) * innerHeight
    }

    /// The whole picture around what `draw` adds. `standalone` pictures carry the style sheet that a
    /// page has anyway.
    func picture(standalone: Bool, _ draw: (inout SVG) -> Void) -> String {
        var drawing = SVG()
        drawTitle(&drawing)
        drawGrid(&drawing)
        draw(&drawing)
        let style = standalone ? "<style>\(PlotStyle.standalone)</style>" : ""
        let namespace = standalone ? " xmlns=\"http://www.w3.org/2000/svg\"" : ""
        let paper =
            standalone
            ? "<rect class=\"paper\" width=\"\(SVG.number(Self.width))\" "
                + "height=\"\(SVG.number(height))\" rx=\"8\"/>" : ""
        return "<svg\(namespace) class=\"plot\" viewBox=\"0 0 \(SVG.number(Self.width)) "
            + "\(SVG.number(height))\" role=\"img\" aria-label=\"\(escape(title))\">"
            + "<desc>\(escape(description))</desc>\(style)\(paper)\(drawing.text)</svg>"
    }

    private func drawTitle(_ drawing: inout SVG) {
        drawing.label(title, x: 12, y: 22, style: "title")
        for (row, entries) in legendRows.enumerated() {
            var x = 12.0
            let y = 42 + Double(row) * Self.legendRow
            for entry in entries {
                drawing.line(x, y - 4, x + 20, y - 4, style: "line s\(entry.style)")
                drawing.label(entry.name, x: x + 25, y: y, style: "legend")
                x += Self.legendWidth(entry.name)
            }
        }
    }

    private func drawGrid(_ drawing: inout SVG) {
        for tick in y.ticks {
            let at = pixelY(tick.value)
            drawing.line(leftEdge, at, rightEdge, at, style: "grid")
            drawing.label(tick.text, x: leftEdge - 6, y: at + 4, style: "tick", anchor: "end")
        }
        drawing.label(
            y.label, x: 13, y: (top + bottom) / 2, style: "axis", anchor: "middle", rotated: true)
        guard let x else { return }
        var lastEnd = -100.0
        for tick in x.ticks {
            let at = pixelX(tick.value)
            let half = Self.textWidth(tick.text) / 2
            drawing.line(at, top, at, bottom, style: "grid")
            guard at - half > lastEnd + 4 else { continue }
            // The last text must not hang over the edge.
            let anchor = at + half > Self.width - 2 ? "end" : "middle"
            let shown = anchor == "end" ? Self.width - 2 : at
            drawing.label(tick.text, x: shown, y: bottom + 16, style: "tick", anchor: anchor)
            lastEnd = at + half
        }
        drawing.label(
            x.label, x: (leftEdge + rightEdge) / 2, y: bottom + 35, style: "axis",
            anchor: "middle")
    }
}
