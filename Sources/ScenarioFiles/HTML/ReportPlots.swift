internal import Simulator

/// The plots of one scenario.
package struct ReportPlots {
    /// One plot, drawn.
    package struct Drawn {
        /// Name of its file, without the ending.
        package var name: String
        /// The picture.
        package var svg: String
    }

    let summary: Summary

    /// The plots about a scenario that has been run.
    package init(_ finished: FinishedScenario) {
        summary = Summary(finished.scenario, finished.result)
    }

    /// Pictures that stand alone, one file each.
    package var files: [Drawn] {
        drawn(standalone: true).map { plot in
            Drawn(name: "\(Self.slug(summary.scenario.name))-\(plot.name)", svg: plot.svg)
        }
    }

    /// Pictures for a page that has the style sheet.
    var inline: [Drawn] { drawn(standalone: false) }

    private func drawn(standalone: Bool) -> [Drawn] {
        var plots: [Drawn] = []
        func add(_ name: String, _ plot: LinePlot?) {
            if let plot { plots.append(Drawn(name: name, svg: plot.svg(standalone: standalone))) }
        }
        if summary.scenario.generation == nil {
            add("latency", latency)
            add("frontier", frontier)
        } else {
            add("ttft", firstToken)
            add("gap", gap)
        }
        add("goodput", goodput)
        if let classes {
            plots.append(Drawn(name: "classes", svg: classes.svg(standalone: standalone)))
        }
        add("queue", queue)
        add("batch", batch)
        add("cheaper", cheaper)
        add("memory", memory)
        add("kv", keyValueTokens)
        for control in controls {
            let svg = control.plot.svg(standalone: standalone)
            plots.append(Drawn(name: Self.slug(control.name), svg: svg))
        }
        return plots
    }

    /// The deadline, when all requests have the same.
    var deadline: Double? {
        let classes =
            summary.scenario.models.isEmpty
            ? summary.scenario.classes : summary.scenario.models.flatMap(\.classes)
        let deadlines = classes.map(\.deadlineMilliseconds)
        guard let first = deadlines.first, deadlines.allSatisfy({ $0 == first }) else { return nil }
        return first
    }

    /// The name as part of a file's name.
    private static func slug(_ name: String) -> String {
        var slug = ""
        for character in name.lowercased() {
            if character.isASCII, character.isLetter || character.isNumber {
                slug.append(character)
            } else if !slug.hasSuffix("-"), !slug.isEmpty {
                slug.append("-")
            }
        }
        while slug.hasSuffix("-") { slug.removeLast() }
        return slug.isEmpty ? "scenario" : slug
    }
}
