/// Runs the policies of a scenario, seed after seed, each on the same arrivals.
package struct ScenarioRunner: Sendable {
    /// How far a run is.
    package struct Progress: Sendable, Equatable {
        /// Part of all the work that is done, from 0 to 1.
        package var fraction: Double
        /// The policy that runs.
        package var policy: String
        /// The seed.
        package var seed: UInt64
    }

    /// The scenario.
    package let scenario: Scenario

    /// A runner of `scenario`.
    package init(_ scenario: Scenario) {
        self.scenario = scenario
    }
}
