internal import ArgumentParser
internal import Foundation
internal import ScenarioFiles
internal import Simulator
internal import TraceFormat

extension Simulate {
    /// Reads all files, changed by the flags.
    func load() throws -> [Scenario] {
        var scenarios: [Scenario] = []
        for file in files {
            let yaml: String
            do {
                yaml = try String(contentsOfFile: file, encoding: .utf8)
            } catch {
                Terminal.printError("\(file): cannot be read: \(Self.reason(error))")
                throw ExitCode(66)
            }
            do {
                var scenario = try ScenarioFile.read(yaml: yaml, origin: file)
                if let seed { scenario.seed = seed }
                if let seeds { scenario.seeds = seeds }
                scenarios.append(scenario)
            } catch {
                error.problems.forEach(Terminal.printError)
                throw ExitCode(65)
            }
            try fillInTraces(&scenarios[scenarios.count - 1], of: file)
        }
        for index in scenarios.indices {
            do {
                try scenarios[index].limitPolicies(to: policies)
            } catch {
                throw ValidationError("\(error)")
            }
        }
        return scenarios
    }

    /// Reads the recordings that a scenario names; their paths are relative to its file.
    private func fillInTraces(_ scenario: inout Scenario, of file: String) throws {
        try fillInTrace(&scenario.arrivals, of: file)
        for index in scenario.models.indices {
            try fillInTrace(&scenario.models[index].arrivals, of: file)
        }
    }

    private func fillInTrace(_ arrivals: inout ArrivalPlan, of file: String) throws {
        guard case .trace(let plan) = arrivals.process else { return }
        let path =
            plan.file.hasPrefix("/")
            ? plan.file
            : URL(filePath: file).deletingLastPathComponent().appending(path: plan.file)
                .relativePath
        do {
            arrivals.process = try TraceInput(path).arrivals(plan)
        } catch let problem as TraceProblem {
            Terminal.printError("\(path):\(problem.line): \(problem.message)")
            throw ExitCode(65)
        }
    }

    /// Writes the reports that the flags ask for.
    func write(_ finished: [FinishedScenario]) throws {
        if let json {
            try write(ReportJSON.text(finished, withSeries: series), to: json)
        }
        if let html {
            try write(ReportPage(finished, command: Self.command).html, to: html)
        }
        guard let figures else { return }
        let plots = finished.flatMap { ReportPlots($0).files }
        for plot in plots {
            try write(plot.svg + "\n", to: "\(figures)/\(plot.name).svg", isTold: false)
        }
        if !quiet { Terminal.printError("wrote \(plots.count) plots into \(figures)") }
    }

    private func write(_ text: String, to path: String, isTold: Bool = true) throws {
        guard path != "-" else { return FileHandle.standardOutput.write(Data(text.utf8)) }
        do {
            let folder = URL(filePath: path).deletingLastPathComponent()
            try FileManager.default.createDirectory(
                at: folder, withIntermediateDirectories: true)
            try Data(text.utf8).write(to: URL(filePath: path))
            if isTold, !quiet { Terminal.printError("wrote \(path)") }
        } catch {
            Terminal.printError("\(path): cannot be written: \(Self.reason(error))")
            throw ExitCode(73)
        }
    }

    private static func reason(_ error: any Error) -> String {
        if let underlying = (error as NSError).userInfo[NSUnderlyingErrorKey] as? NSError {
            return underlying.localizedDescription
        }
        return error.localizedDescription
    }

    /// The command line as a person would repeat it.
    private static var command: String {
        let plain = CharacterSet.alphanumerics.union(CharacterSet(charactersIn: "-_./=,:@%+"))
        let words = CommandLine.arguments.dropFirst().map { word in
            word.unicodeScalars.allSatisfy(plain.contains) && !word.isEmpty
                ? word : "'" + word.replacingOccurrences(of: "'", with: "'\\''") + "'"
        }
        return (["headway"] + words).joined(separator: " ")
    }
}
