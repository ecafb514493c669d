internal import ArgumentParser
internal import Foundation
internal import Simulator
internal import TraceFormat

extension Simulate {
    /// Reads the recorded traffic that a scenario names, from paths relative to the scenario's file.
    static func readTraces(_ scenario: inout Scenario, of file: String) throws {
        let folder = URL(filePath: file).deletingLastPathComponent()
        scenario.arrivals.process = try read(scenario.arrivals.process, in: folder)
        for index in scenario.models.indices {
            let process = scenario.models[index].arrivals.process
            scenario.models[index].arrivals.process = try read(process, in: folder)
        }
    }

    private static func read(
        _ process: ArrivalPlan.Process, in folder: URL
    ) throws -> ArrivalPlan.Process {
        guard case .trace(let plan) = process, plan.records.isEmpty else { return process }
        let path = URL(filePath: plan.file, relativeTo: folder).path
        do {
            return try TraceInput(path).arrivals(plan)
        } catch let problem as TraceProblem {
            Terminal.printError("\(path):\(problem.line): \(problem.message)")
            throw ExitCode(65)
        }
    }
}
