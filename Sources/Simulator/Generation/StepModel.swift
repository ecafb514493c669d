package import ServingModel

/// How long a simulated device needs for a step of text generation.
///
/// `base + perRow * tokens` of the device, whose rows are tokens, and what reading keys and values adds.
package struct StepModel: Sendable, Equatable {
    /// Base, cost of a token, noise, stalls and failures.
    package var device: DeviceModel
    /// Milliseconds that each token of context adds.
    package var perContextToken: Double

    /// A device whose steps read keys and values.
    package init(_ device: DeviceModel, perContextToken: Double) {
        self.device = device
        self.perContextToken = perContextToken
    }

    /// The device of the scheduling notes: 6 ms, 0.02 ms a token, 0.04 ms a thousand tokens of context.
    package static let notes = StepModel(
        DeviceModel(base: 6, perRow: 0.02), perContextToken: 0.000_04)

    /// Milliseconds of a step without noise.
    package func mean(tokens: Int, context: Int) -> Double {
        device.mean(rows: tokens) + perContextToken * Double(context)
    }

    /// The duration of one step.
    package func sample(tokens: Int, context: Int, _ random: inout Seeded) -> Interval {
        let duration = device.disturbed(mean(tokens: tokens, context: context), &random)
        return max(duration, Interval(nanoseconds: 1))
    }
}
