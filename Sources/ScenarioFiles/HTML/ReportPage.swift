internal import Simulator

/// What scenarios came to, as one HTML file that needs nothing else: no network, no script, no font.
package struct ReportPage {
    private let finished: [FinishedScenario]
    private let command: String

    /// A page about `finished`, which `command` reproduces.
    package init(_ finished: [FinishedScenario], command: String) {
        self.finished = finished
        self.command = command
    }

    /// The whole file.
    package var html: String {
        var body = header
        for (index, entry) in finished.enumerated() {
            body += section(entry, index)
        }
        return """
            <!doctype html>
            <html lang="en">
            <head>
            <meta charset="utf-8">
            <meta name="viewport" content="width=device-width, initial-scale=1">
            <title>\(escape(title))</title>
            <style>
            \(PageStyle.text)
            </style>
            </head>
            <body>
            <main>
            \(body)
            <footer>Every policy met the same arrivals and, batch by batch, the same noise. The scheduler is the
            one that serves; devices, clients and time are simulated. Point at a mark for its figures.</footer>
            </main>
            </body>
            </html>

            """
    }

    private var title: String {
        finished.count == 1
            ? "\(finished[0].scenario.name): simulation" : "\(finished.count) simulations"
    }

    private var header: String {
        var text = "<p class=\"kind\">Headway simulation</p>\n"
        if finished.count > 1 {
            text += "<h1>\(finished.count) scenarios</h1>\n"
            text += "<nav>"
            for (index, entry) in finished.enumerated() {
                let mark = Self.mark(entry.result)
                text += "<a href=\"#s\(index)\">\(escape(entry.scenario.name))</a>\(mark)"
            }
            text += "</nav>\n"
        }
        return finished.count > 1 ? text + reproduce : text
    }

    private var reproduce: String {
        "<div class=\"command\"><span>reproduce</span><code>\(escape(command))</code></div>\n"
    }

    private static func mark(_ result: ScenarioResult) -> String {
        guard !result.verdicts.isEmpty else { return "" }
        return result.holds
            ? "<span class=\"good\">✓ holds</span>" : "<span class=\"bad\">✗ missed</span>"
    }

    private func section(_ entry: FinishedScenario, _ index: Int) -> String {
        let scenario = entry.scenario
        let summary = Summary(scenario, entry.result)
        let tables = ReportTables(summary, entry.result)
        let heading = finished.count == 1 ? "h1" : "h2"
        var text = "<section id=\"s\(index)\">\n"
        text += "<\(heading)>\(escape(scenario.name))</\(heading)>\n"
        text += "<p class=\"facts\">\(escape(summary.facts))</p>\n"
        if !scenario.about.isEmpty { text += "<p>\(escape(scenario.about))</p>\n" }
        if finished.count == 1 { text += reproduce }
        text += tables.figures
        text += tables.classes
        text += tables.targets
        let plots = ReportPlots(entry).inline
        if !plots.isEmpty {
            text += "<div class=\"plots\">\n"
            for plot in plots { text += "<figure>\(plot.svg)</figure>\n" }
            text += "</div>\n"
        }
        let explanation = Explanation(entry).lines
        if !explanation.isEmpty {
            text +=
                "<details><summary>What queue theory says, and where the run differs</summary>\n"
            text += "<pre>\(escape(explanation.joined(separator: "\n")))</pre></details>\n"
        }
        return text + "</section>\n"
    }
}
