/// Bars in groups: one group for each policy, one bar for each class.
struct BarPlot {
    /// One bar.
    struct Bar {
        var value: Double
        /// Its colour's name in the style sheet.
        var style: String
        var text: String
        var tooltip: String
    }

    /// Bars that stand together.
    struct Group {
        var name: String
        var bars: [Bar]
    }

    var title: String
    var description: String
    /// Unit and meaning of the bars' length.
    var axis: Axis
    var legend: [(name: String, style: String)]
    var groups: [Group]

    private static let barHeight = 15.0
    private static let gap = 13.0

    /// The picture: bars lie, so that names of any length can be read.
    func svg(standalone: Bool = false) -> String {
        let longest = groups.map { PlotFrame.textWidth($0.name) }.max() ?? 0
        let left = min(max(longest + 22, 70), 190)
        let right = PlotFrame.width - 54
        var drawing = SVG()
        drawing.label(title, x: 12, y: 22, style: "title")
        var y = 34.0
        if legend.count > 1 {
            var x = 12.0
            for entry in legend {
                drawing.add(
                    "rect",
                    [
                        "class": "bar \(entry.style)", "x": SVG.number(x),
                        "y": SVG.number(y), "width": "12", "height": "12", "rx": "2",
                    ])
                drawing.label(entry.name, x: x + 17, y: y + 10, style: "legend")
                x += 32 + PlotFrame.textWidth(entry.name)
            }
            y += 20
        }
        y += 6
        let top = y
        var bars = SVG()
        for group in groups {
            let height = Double(group.bars.count) * Self.barHeight
            bars.label(
                group.name, x: left - 8, y: y + height / 2 + 4, style: "legend", anchor: "end")
            for bar in group.bars {
                let length = max(axis.position(bar.value) * (right - left), 1)
                bars.add(
                    "rect",
                    [
                        "class": "bar \(bar.style)", "x": SVG.number(left),
                        "y": SVG.number(y + 1), "width": SVG.number(length),
                        "height": SVG.number(Self.barHeight - 2), "rx": "2",
                    ], tooltip: bar.tooltip)
                bars.label(bar.text, x: left + length + 5, y: y + 12, style: "tick")
                y += Self.barHeight
            }
            y += Self.gap
        }
        for tick in axis.ticks {
            let x = left + axis.position(tick.value) * (right - left)
            drawing.line(x, top, x, y - 4, style: "grid")
            drawing.label(tick.text, x: x, y: y + 12, style: "tick", anchor: "middle")
        }
        drawing.label(axis.label, x: (left + right) / 2, y: y + 31, style: "axis", anchor: "middle")
        drawing.append(bars)
        return wrap(drawing, height: y + 42, standalone: standalone)
    }

    private func wrap(_ drawing: SVG, height: Double, standalone: Bool) -> String {
        let size = "\(SVG.number(PlotFrame.width)) \(SVG.number(height))"
        let namespace = standalone ? " xmlns=\"http://www.w3.org/2000/svg\"" : ""
        let style =
            standalone
            ? "<style>\(PlotStyle.standalone)</style><rect class=\"paper\" "
                + "width=\"\(SVG.number(PlotFrame.width))\" height=\"\(SVG.number(height))\" rx=\"8\"/>"
            : ""
        return "<svg\(namespace) class=\"plot\" viewBox=\"0 0 \(size)\" role=\"img\" "
            + "aria-label=\"\(escape(title))\"><desc>\(escape(description))</desc>"
            + "\(style)\(drawing.text)</svg>"
    }
}
