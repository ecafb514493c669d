package import SchedulerCore
package import TraceFormat

/// Two schedulers that answered the same event differently.
package struct Disagreement: Error, CustomStringConvertible {
    /// What the shipping machine did, and what the naive one would have done.
    package let description: String

    /// Makes a disagreement.
    package init(_ description: String) {
        self.description = description
    }
}

/// Feeds the inputs of `trace` to a ``NaiveScheduler`` and refuses the first step that differs.
package func compareWithOracle(_ trace: Trace, _ configuration: SchedulerConfiguration) throws {
    var oracle = NaiveScheduler(configuration)
    for (number, step) in trace.steps.enumerated() {
        let expected = oracle.step(step.input)
        guard step == expected else {
            throw Disagreement(
                """
                step \(number): the scheduler answered
                \(step.canonicalText)
                and the oracle
                \(expected.canonicalText)
                """)
        }
    }
}
