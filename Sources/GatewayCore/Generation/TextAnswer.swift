package import ServingModel
package import ServingRuntime

/// One answer, gathered from its pieces.
package struct TextAnswer: Sendable {
    /// The text so far.
    package private(set) var text = ""

    /// Its tokens, where their probabilities were asked for.
    package private(set) var tokens: [GeneratedToken] = []

    /// How it ended.
    package private(set) var end: GenerationEnd?

    /// An answer without any text.
    package init() {}

    /// Adds what came.
    package mutating func append(_ update: GenerationUpdate) {
        text += update.text
        tokens += update.tokens
        end = update.end ?? end
    }
}

/// What a call cost, over all its answers.
package struct TextUsage: Hashable, Sendable {
    /// Tokens read, each prompt counted once.
    package private(set) var promptTokens = 0

    /// Tokens written.
    package private(set) var generatedTokens = 0

    /// Tokens of prompts that did not have to be computed.
    package private(set) var cachedTokens = 0

    /// The longest wait of an answer for its first step.
    package private(set) var queued = Interval.zero

    private let choices: Int

    /// A usage of nothing yet; `choices` is the number of answers to each prompt.
    package init(choices: Int) {
        self.choices = choices
    }

    /// Adds an answer that ended.
    package mutating func add(_ end: GenerationEnd, answer: Int) {
        generatedTokens += end.usage.generatedTokens
        queued = max(queued, end.timing.queued ?? .zero)
        guard answer % choices == 0 else { return }
        promptTokens += end.usage.promptTokens
        cachedTokens += end.usage.cachedTokens
    }
}
