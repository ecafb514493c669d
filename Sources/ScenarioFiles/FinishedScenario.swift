package import Simulator

/// A scenario and what it came to: all that reports are made of.
package struct FinishedScenario: Sendable {
    /// The scenario.
    package var scenario: Scenario

    /// What it came to.
    package var result: ScenarioResult

    /// What ``Explanation/sweep(of:)`` came to, if it was run.
    package var curve: SimulationReport?

    /// A scenario that has been run.
    package init(_ scenario: Scenario, _ result: ScenarioResult, curve: SimulationReport? = nil) {
        self.scenario = scenario
        self.result = result
        self.curve = curve
    }
}
