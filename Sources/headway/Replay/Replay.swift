internal import ArgumentParser
internal import Foundation
internal import ScenarioFiles
internal import SchedulerCore
internal import Simulator
internal import TraceFormat

/// `headway replay`.
struct Replay: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Replay recorded traffic: the same decisions again, or another policy.",
        discussion: """
            A trace of `headway serve --record FILE` is replayed step by step: a scheduler is built as the \
            recorded one was, is told the same events, and must answer with the same bytes. With \
            --policy, only the requests of the trace are used: they meet that policy on simulated \
            devices, whose speed and noise are learnt from the recorded batches. Public traces (Azure \
            LLM, ServeGen, Mooncake, NAB) hold requests or rates only; they meet the policies on the \
            usual device of docs/scheduling.md, as batches or, with --generate, as text that is \
            generated token by token. docs/traces.md describes the files.

            Examples:
              headway replay run.trace --simulate
              headway replay run.trace --simulate --policy swb --policy triton --json -
              headway replay conversation.jsonl --simulate --generate --policy swb --policy vllm-fcfs

            Ends with code 0 when every step was answered as recorded, or the policies have run; with 1 at \
            the first difference, with 65 when the file is no valid trace, with 66 when it cannot be \
            read, with 73 when the report cannot be written.
            """)

    @Argument(help: "The trace.")
    var trace: String

    @Flag(help: "Replay in virtual time, in this process.")
    var simulate = false

    @Option(
        name: .customLong("policy"),
        help: ArgumentHelp(
            "Let the requests meet this policy instead; may be given several times.",
            valueName: "name"))
    var policies: [String] = []

    @Flag(help: "Answer the requests of a public trace with generated text, token by token.")
    var generate = false

    @Option(help: "How much faster than recorded a public trace is played.")
    var speed = 1.0

    @Option(help: "Seed of the simulated devices and of arrivals that are drawn by a rate.")
    var seed: UInt64 = 1

    @Option(
        help: ArgumentHelp("Write the result as JSON; - for standard output.", valueName: "out"))
    var json: String?

    @Option(
        help: ArgumentHelp(
            "Write a report with plots as one HTML file; - for standard output.", valueName: "out"))
    var html: String?

    func validate() throws {
        guard simulate else {
            throw ValidationError("say how to replay; allowed: --simulate")
        }
    }

    func run() throws {
        let file = try TraceInput(trace)
        do {
            if generate && file.isRecording {
                throw ValidationError("--generate goes with a public trace of requests for text")
            }
            if policies.isEmpty && file.isRecording {
                try compare(file)
            } else {
                try meet(file)
            }
        } catch let problem as TraceProblem {
            Terminal.printError("\(trace):\(problem.line): \(problem.message)")
            throw ExitCode(65)
        } catch let problem as ConfigurationProblem {
            Terminal.printError("\(trace): \(problem)")
            throw ExitCode(65)
        }
    }

    private var isSilent: Bool { json == "-" }

    private func say(_ line: String) {
        if !isSilent { Terminal.print(line) }
    }

    // MARK: The same decisions

    private func compare(_ file: TraceInput) throws {
        let result = try TraceReplay.run(try file.source())
        for verdict in result.verdicts {
            say(
                "\(verdict.model) version \(verdict.version): \(verdict.steps) steps, "
                    + "hash \(verdict.hash), \(verdict.difference == nil ? "equal" : "different")")
            if let difference = verdict.difference {
                say("step \(difference.step), line \(verdict.line ?? 0) of the trace, recorded:")
                say(difference.recorded)
                say("replayed:")
                say(difference.replayed)
            }
        }
        if result.isCut {
            say("the trace was cut; what is certainly whole was replayed")
        }
        say(
            result.isEqual
                ? "equal: every recorded step was answered with the same bytes"
                : "different: see above")
        if let json { try write(try ReplayJSON(trace, result).text, to: json) }
        if !result.isEqual { throw ExitCode(1) }
    }

    // MARK: Another policy

    private func meet(_ file: TraceInput) throws {
        let names = policies.isEmpty ? ["swb"] : policies
        var finished: [FinishedScenario] = []
        if file.isRecording {
            for workload in try TraceWorkload.read(try file.source()) where workload.requests > 0 {
                finished.append(try meet(workload, names))
            }
        } else {
            finished.append(try meetPublic(file, names))
        }
        guard !finished.isEmpty else {
            throw TraceProblem(line: 1, "no request came; allowed: at least one")
        }
        for (index, entry) in finished.enumerated() {
            if index > 0 { say("") }
            ReportText(entry, isColoured: Terminal.isColoured).lines.forEach(say)
        }
        if let json { try write(ReportJSON.text(finished), to: json) }
        if let html {
            let command = "headway replay \(trace) --simulate"
            try write(ReportPage(finished, command: command).html, to: html)
        }
    }

    private func meet(_ workload: TraceWorkload, _ names: [String]) throws -> FinishedScenario {
        var scenario = workload.scenario
        try limit(&scenario, to: names)
        if workload.turnedAway > 0 {
            say(
                "\(workload.turnedAway) requests were turned away before they were parsed; the trace "
                    + "does not have them")
        }
        var report = SimulationReport(scenario: scenario.name, seed: seed)
        for policy in scenario.policies {
            report.policies.append(try workload.run(policy.policy, seed: seed))
        }
        return FinishedScenario(scenario, ScenarioResult(scenario, [report]))
    }

    private func meetPublic(_ file: TraceInput, _ names: [String]) throws -> FinishedScenario {
        var plan = TracePlan()
        plan.speed = speed
        let process = try file.arrivals(plan)
        var scenario = Scenario(name: file.name)
        scenario.arrivals = ArrivalPlan(process)
        if generate {
            guard let text = Scenario.generating(process, name: file.name) else {
                throw TraceProblem(
                    line: 1,
                    "no lengths of answers; allowed with --generate: a trace that tells them")
            }
            scenario = text
        }
        // Whole milliseconds, the last request included.
        let milliseconds = scenario.arrivals.process.recordedSeconds * 1_000
        scenario.durationSeconds = (milliseconds.rounded(.down) + 1) / 1_000
        scenario.warmupSeconds = 0
        scenario.seed = seed
        try limit(&scenario, to: names)
        return FinishedScenario(scenario, try ScenarioRunner(scenario).run { _ in })
    }

    private func limit(_ scenario: inout Scenario, to names: [String]) throws {
        do {
            try scenario.limitPolicies(to: names)
        } catch {
            throw ValidationError("\(error)")
        }
    }

    private func write(_ text: String, to path: String) throws {
        guard path != "-" else { return FileHandle.standardOutput.write(Data(text.utf8)) }
        do {
            try Data(text.utf8).write(to: URL(filePath: path))
        } catch {
            Terminal.printError("\(path): cannot be written: \(error.localizedDescription)")
            throw ExitCode(73)
        }
    }
}
