internal import ArgumentParser
internal import Foundation
internal import ScenarioFiles
internal import Simulator

/// `headway simulate`.
struct Simulate: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Run scenarios in virtual time and compare policies.",
        discussion: """
            The scheduler is the one that serves; devices and clients are simulated, so 25 seconds of \
            12,000 requests a second take about as many of yours as there are policies. \
            docs/simulator.md describes scenario files.

            Examples:
              headway simulate scenarios/headline.yaml --html report.html
              headway simulate my.yaml --policy swb --policy triton --seeds 5 --json -

            Ends with code 0 when every target of every file holds, with 1 when one is missed, with 65 \
            when a file is no valid scenario, with 66 when it cannot be read, with 73 when a report \
            cannot be written.
            """)

    @Argument(help: "Scenario files in YAML.", completion: .file(extensions: ["yaml", "yml"]))
    var files: [String]

    @Option(
        name: .customLong("policy"),
        help: ArgumentHelp(
            "Run only this policy; may be given several times. One that the file does not name is run with its defaults.",
            valueName: "name"))
    var policies: [String] = []

    @Option(help: "First seed, instead of the file's.")
    var seed: UInt64?

    @Option(help: "How many seeds to run, instead of the file's.")
    var seeds: Int?

    @Option(
        help: ArgumentHelp("Write the figures as JSON; - for standard output.", valueName: "out"))
    var json: String?

    @Flag(help: "Write queue, batches and memory over time into the JSON, too.")
    var series = false

    @Option(
        help: ArgumentHelp(
            "Write a report with plots as one HTML file; - for standard output.", valueName: "out"))
    var html: String?

    @Option(
        help: ArgumentHelp("Write each plot as an SVG file into this folder.", valueName: "folder"))
    var figures: String?

    @Flag(help: "Explain what queue theory says of each scenario, and where the run differs.")
    var explain = false

    @Flag(help: "Measure what a decision of the scheduler costs on this machine.")
    var cost = false

    @Flag(name: .shortAndLong, help: "Print nothing but errors and missed targets.")
    var quiet = false

    func validate() throws {
        if let seeds, !(1...1_000).contains(seeds) {
            throw ValidationError("--seeds is \(seeds); allowed: 1 to 1000")
        }
        if json == "-", html == "-" {
            throw ValidationError("only one of --json and --html can go to standard output")
        }
        if series, json == nil { throw ValidationError("--series goes with --json") }
        for name in policies where name.isEmpty {
            throw ValidationError("--policy needs a name")
        }
    }

    func run() throws {
        let scenarios = try load()
        let isSilent = quiet || json == "-" || html == "-"
        let isColoured = Terminal.isColoured
        var finished: [FinishedScenario] = []
        var verdicts: [String] = []
        for (position, scenario) in scenarios.enumerated() {
            let entry = try simulate(scenario, position, of: scenarios.count)
            finished.append(entry)
            let text = ReportText(entry, isColoured: isColoured)
            if !isSilent { show(text, entry, isFirst: position == 0) }
            if let verdict = text.verdict, !quiet || !entry.result.holds {
                verdicts.append(verdict)
            }
        }
        if cost, !isSilent {
            Terminal.print("")
            DecisionCost.lines.forEach(Terminal.print)
        }
        try write(finished)
        if !verdicts.isEmpty {
            let print = isSilent ? Terminal.printError : Terminal.print
            if !isSilent { print("") }
            verdicts.forEach(print)
        }
        if finished.contains(where: { !$0.result.holds }) { throw ExitCode(1) }
    }

    private func show(_ text: ReportText, _ entry: FinishedScenario, isFirst: Bool) {
        if !isFirst { Terminal.print("") }
        text.lines.forEach(Terminal.print)
        if explain {
            Terminal.print("")
            Explanation(entry).lines.forEach(Terminal.print)
        }
    }

    private func simulate(
        _ scenario: Scenario, _ position: Int, of count: Int
    ) throws -> FinishedScenario {
        var bar = ProgressBar(isShown: !quiet && isatty(STDERR_FILENO) == 1)
        let name = count == 1 ? scenario.name : "\(scenario.name) (\(position + 1) of \(count))"
        defer { bar.clear() }
        do {
            let result = try ScenarioRunner(scenario).run { progress in
                bar.show(name, fraction: progress.fraction, what: progress.policy)
            }
            guard explain, let sweep = Explanation.sweep(of: scenario) else {
                return FinishedScenario(scenario, result)
            }
            let curve = try ScenarioRunner(sweep).run(seed: scenario.seed) { progress in
                bar.show(name, fraction: progress.fraction, what: "rates around the knee")
            }
            return FinishedScenario(scenario, result, curve: curve)
        } catch {
            bar.clear()
            Terminal.printError("\(files[position]): \(error)")
            throw ExitCode(65)
        }
    }
}
