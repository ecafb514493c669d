import ScenarioFiles
import Simulator
import Testing

@Suite("The HTML report")
struct ReportPageTests {
    private let command = "headway simulate 'a b.yaml' --seed 1 <"

    private func page(_ finished: [FinishedScenario]) -> String {
        ReportPage(finished, command: command).html
    }

    @Test("Every element that opens is closed, in order", arguments: [1, 2])
    func wellFormed(scenarios: Int) throws {
        let finished = (0..<scenarios).map { sample(name: "n & \($0) \"x\"", seeds: 2) }
        let problem = Markup.problem(in: page(finished))
        #expect(problem == nil, "\(problem ?? "")")
    }

    @Test("It needs no network: no address, no script, no import, no foreign font")
    func selfContained() {
        let html = page([sample(), sample(name: "b")])
        for forbidden in [
            "http:", "https:", "//", "<script", "@import", "url(", "@font-face", "src=",
        ] {
            #expect(!html.contains(forbidden), "contains \(forbidden)")
        }
        #expect(!html.contains("href=\"") || html.contains("href=\"#s0\""))
    }

    @Test("It says which scenario, seed and command, names escaped")
    func header() {
        let html = page([sample(name: "a & b")])
        #expect(html.contains("<title>a &amp; b: simulation</title>"))
        #expect(html.contains("25 s, seed 1, 12,000 requests/s, 1 device"))
        #expect(html.contains("headway simulate 'a b.yaml' --seed 1 &lt;"))
        #expect(html.contains("greedy &lt;b&gt;") && !html.contains("<b>"))
    }

    @Test("It has the plots that the report has figures for, and tooltips")
    func plots() {
        let html = page([sample()])
        for title in [
            "Latency by percentile", "Throughput against P99", "In time of what is offered",
            "In time, by class", "Requests that wait", "Batch size",
        ] {
            #expect(html.contains("aria-label=\"\(title)\""), "\(title)")
        }
        #expect(!html.contains("Memory in use"))
        #expect(html.contains("<title>swb: 99 % within "))
        let small = page([sample(classes: 1, sweep: false)])
        #expect(!small.contains("by class") && !small.contains("Throughput against P99"))
        #expect(small.contains("deadline 40 ms"))
    }

    @Test("It draws what controllers were set to: by policy where there are several settings")
    func controls() {
        var finished = sample()
        let panel = ControlPanel("Gears", states: ["low", "high"])
        let speed = ControlPanel("Speed", unit: "mph")
        for policy in finished.result.reports[0].policies.indices {
            finished.result.reports[0].policies[policy].controls = [
                ControlSeries(
                    panel, "left",
                    changes: [.init(seconds: 0, value: 0), .init(seconds: 5, value: 1)]),
                ControlSeries(panel, "right", changes: [.init(seconds: 0, value: 0)]),
                ControlSeries(
                    speed, "speed",
                    changes: [.init(seconds: 0, value: 9), .init(seconds: 9, value: 7)]),
                ControlSeries(
                    ControlPanel("Idle", unit: "n"), "one", changes: [.init(seconds: 0, value: 1)]),
            ]
        }
        let html = page([finished])
        for title in ["Gears: swb", "Gears: greedy &lt;b&gt;", "Speed"] {
            #expect(html.contains("aria-label=\"\(title)\""), "\(title)")
        }
        #expect(html.contains(">low</text>") && html.contains(">high</text>"))
        #expect(!html.contains("Idle"), "what never changed has no story")
        #expect(Markup.problem(in: html) == nil)
        let json = ReportJSON.text([finished], withSeries: true)
        #expect(
            json.contains("\"panel\": \"Speed\"") && !ReportJSON.text([finished]).contains("Speed"))
    }

    @Test("It shows targets, and the figures of others")
    func tables() {
        let html = page([sample()])
        #expect(html.contains("✓ holds") && html.contains("✗ missed"))
        #expect(html.contains("<tr class=\"reference\"><td>source</td><td>at 12,000</td>"))
        #expect(html.contains("prefers-color-scheme:dark"))
    }

    @Test("Plots also stand alone, as files with a style sheet of their own")
    func files() {
        let files = ReportPlots(sample(name: "My Report / 2")).files
        #expect(files.first?.name == "my-report-2-latency")
        #expect(Set(files.map(\.name)).count == files.count)
        for file in files {
            #expect(Markup.problem(in: file.svg) == nil)
            #expect(file.svg.hasPrefix("<svg xmlns=\"http://www.w3.org/2000/svg\""))
            #expect(file.svg.contains("prefers-color-scheme:dark"))
            #expect(!file.svg.contains("nan") && !file.svg.contains("inf"))
        }
    }
}

/// Enough of a parser to see whether elements nest.
enum Markup {
    private static let void: Set<String> = ["meta", "br", "!doctype"]

    /// What is wrong, or `nil`.
    static func problem(in text: String) -> String? {
        var open: [String] = []
        var rest = text[...]
        while let start = rest.firstIndex(of: "<") {
            guard let end = rest[start...].firstIndex(of: ">") else { return "a tag never ends" }
            let tag = rest[rest.index(after: start)..<end]
            rest = rest[rest.index(after: end)...]
            let quotes = tag.count { $0 == "\"" }
            if quotes % 2 != 0 { return "odd quotes in <\(tag)>" }
            let name = tag.prefix { !$0.isWhitespace && $0 != "/" }.lowercased()
            if tag.hasPrefix("/") {
                let closed = tag.dropFirst().lowercased()
                guard open.popLast() == closed else { return "</\(closed)> closes nothing" }
            } else if !tag.hasSuffix("/"), !void.contains(name) {
                open.append(name)
            }
        }
        return open.isEmpty ? nil : "never closed: \(open)"
    }
}
