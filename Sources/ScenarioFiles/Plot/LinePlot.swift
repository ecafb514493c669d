/// Lines over two axes, with horizontal or vertical limits and lone marks of comparison.
struct LinePlot {
    /// A value of a line; with a text it gets a mark that shows it when pointed at.
    struct Point {
        var x: Double
        var y: Double
        var tooltip: String?

        init(_ x: Double, _ y: Double, tooltip: String? = nil) {
            self.x = x
            self.y = y
            self.tooltip = tooltip
        }
    }

    /// One line.
    struct Series {
        var name: String
        /// Which colour and dash pattern.
        var style: Int
        var points: [Point]
        /// Whether values hold until the next one, as a queue's length does.
        var isStepped = false
        /// Whether the line ends because the rest was refused; a cross says so.
        var endsInRefusal = false
    }

    /// A limit, drawn across.
    struct Limit {
        enum Direction { case horizontal, vertical }
        var direction: Direction
        var value: Double
        var text: String
    }

    /// A lone figure of another system.
    struct Reference {
        var point: Point
        var text: String
    }

    var frame: PlotFrame
    var series: [Series]
    var limits: [Limit] = []
    var references: [Reference] = []

    init(
        title: String, description: String, x: Axis, y: Axis, series: [Series],
        limits: [Limit] = [], references: [Reference] = []
    ) {
        frame = PlotFrame(title: title, description: description, x: x, y: y)
        if series.count > 1 {
            frame.legend = series.map { .init(name: $0.name, style: $0.style) }
        }
        self.series = series
        self.limits = limits
        self.references = references
    }

    /// The picture.
    func svg(standalone: Bool = false) -> String {
        frame.picture(standalone: standalone) { drawing in
            for limit in limits { draw(limit, &drawing) }
            for line in series { draw(line, &drawing) }
            for reference in references { draw(reference, &drawing) }
        }
    }

    private func draw(_ limit: Limit, _ drawing: inout SVG) {
        switch limit.direction {
        case .horizontal:
            let at = frame.pixelY(limit.value)
            drawing.line(frame.leftEdge, at, frame.rightEdge, at, style: "limit")
            drawing.label(limit.text, x: frame.leftEdge + 5, y: at - 5, style: "note")
        case .vertical:
            let at = frame.pixelX(limit.value)
            let isRight = at > (frame.leftEdge + frame.rightEdge) / 2
            drawing.line(at, frame.top, at, frame.bottom, style: "limit")
            drawing.label(
                limit.text, x: isRight ? at - 5 : at + 5, y: frame.bottom - 6, style: "note",
                anchor: isRight ? "end" : "start")
        }
    }

    private func draw(_ line: Series, _ drawing: inout SVG) {
        let visible = line.points.filter { $0.x.isFinite && $0.y.isFinite }
        guard let last = visible.last else { return }
        var path = ""
        var previous: (x: Double, y: Double)?
        for point in visible {
            let x = frame.pixelX(point.x)
            let y = frame.pixelY(point.y)
            if let previous {
                if line.isStepped {
                    path += "H\(SVG.number(x))"
                    if SVG.number(previous.y) != SVG.number(y) { path += "V\(SVG.number(y))" }
                } else {
                    path += "L\(SVG.number(x)) \(SVG.number(y))"
                }
            } else {
                path = "M\(SVG.number(x)) \(SVG.number(y))"
            }
            previous = (x, y)
        }
        let width = line.isStepped ? " thin" : ""
        drawing.add(
            "path", ["class": "line\(width) s\(line.style)", "d": path], tooltip: line.name)
        if line.endsInRefusal {
            let x = frame.pixelX(last.x)
            let y = frame.pixelY(last.y)
            let n = SVG.number
            drawing.add(
                "path",
                [
                    "class": "cross s\(line.style)",
                    "d": "M\(n(x - 4)) \(n(y - 4))L\(n(x + 4)) \(n(y + 4))"
                        + "M\(n(x - 4)) \(n(y + 4))L\(n(x + 4)) \(n(y - 4))",
                ], tooltip: "\(line.name): the rest was refused")
        }
        for point in visible {
            guard let tooltip = point.tooltip else { continue }
            drawing.add(
                "circle",
                [
                    "class": "dot s\(line.style)", "cx": SVG.number(frame.pixelX(point.x)),
                    "cy": SVG.number(frame.pixelY(point.y)), "r": "3.2",
                ], tooltip: tooltip)
        }
    }

    private func draw(_ reference: Reference, _ drawing: inout SVG) {
        let x = frame.pixelX(reference.point.x)
        let y = frame.pixelY(reference.point.y)
        let n = SVG.number
        drawing.add(
            "path",
            [
                "class": "reference",
                "d":
                    "M\(n(x)) \(n(y - 6))L\(n(x + 6)) \(n(y))L\(n(x)) \(n(y + 6))L\(n(x - 6)) \(n(y))Z",
            ], tooltip: reference.point.tooltip ?? reference.text)
        let isRight = x + 10 + PlotFrame.textWidth(reference.text) > frame.rightEdge
        // Above the mark: a limit may run right through it.
        let height = y - 7 < frame.top + 8 ? y + 15 : y - 7
        drawing.label(
            reference.text, x: isRight ? x - 5 : x + 5, y: height, style: "note",
            anchor: isRight ? "end" : "start")
    }
}
