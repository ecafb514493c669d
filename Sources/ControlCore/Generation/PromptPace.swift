package import ServingModel

/// How much longer prompts take lately than ``StepCostModel`` has it.
///
/// A device that computes attention, such as a CPU, needs several times as long for the last chunks of a long
/// prompt as for the first, which no plane over tokens and context can say. The model serves all steps and
/// forgets slowly; this follows the prompt that is being fed within a few chunks, and shrinks them. Where the
/// model is right, within 15 %, it says nothing.
package struct PromptPace: Sendable, Equatable {
    private var level = 1.0

    private static let weight = 0.25
    private static let tolerance = 1.15
    private static let most = 8.0

    /// Nothing observed yet.
    package init() {}

    /// Factor on the predicted time of prompt tokens, in [1, 8].
    package var factor: Double { level > Self.tolerance ? level : 1 }

    /// Learns from a step.
    ///
    /// - Parameters:
    ///   - took: Time of the whole step.
    ///   - others: Predicted milliseconds of the step without its prompts.
    ///   - prompts: Predicted milliseconds of its prompts; a step in which they are less than a fifth says
    ///     nothing about them.
    package mutating func observe(took: Interval, others: Double, prompts: Double) {
        guard prompts > 0, prompts >= (prompts + others) / 5 else { return }
        let ratio = (took.milliseconds - others) / prompts
        level += Self.weight * (min(max(ratio, 0.5), Self.most) - level)
    }
}
