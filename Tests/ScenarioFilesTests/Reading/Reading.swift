import ScenarioFiles
import Simulator
import Testing

/// The scenario of a YAML text.
func scenario(_ yaml: String) throws -> Scenario {
    try ScenarioFile.read(yaml: yaml, origin: "s.yaml")
}

/// What is wrong with a YAML text; nothing when it loads.
func problems(_ yaml: String) -> [String] {
    do {
        _ = try ScenarioFile.read(yaml: yaml, origin: "s.yaml")
        return []
    } catch {
        return error.problems
    }
}

/// The least that a scenario says, with more lines behind it.
func minimal(_ more: String) -> String {
    "name: x\narrivals: {process: poisson, rate_rps: 100}\n" + more
}
