package import EngineAPI
package import ServingModel

/// What a client wants generated, and what it was promised.
package struct GenerationRequest: Sendable {
    /// Tokens of the prompt, at least one.
    package var prompt: [Int32]

    /// How tokens are picked.
    package var sampling: SamplingParameters

    /// Most tokens to generate, at least 1. What the model's context has no room for is cut off.
    package var maxNewTokens: Int

    /// Strings that end the text and are not part of it; see ``GenerationLimits``.
    package var stops: [String]

    /// Whether every token is reported with its probability.
    package var wantsLogprobs: Bool

    /// How many likely tokens are reported beside each; 0 unless ``wantsLogprobs``.
    package var alternatives: Int

    /// Control tokens that are spelled out in the text, ascending; see ``ChatPrompt/visibleTokens``.
    package var visibleTokens: [Int32]

    /// Whether to go on when the model wants to end, up to ``maxNewTokens``.
    package var ignoresEnd: Bool

    /// Position of the priority class in the server's table.
    package var priorityClass: ClassIndex

    /// On whose behalf.
    package var tenant: TenantID

    /// When the first token must be there.
    package var firstTokenDeadline: Instant

    /// Longest time between two tokens after the first, on average.
    package var perToken: Interval

    /// What it is called outside.
    package var label: RequestLabel

    /// A request for one greedy continuation without a deadline, unless told otherwise.
    package init(
        prompt: [Int32], sampling: SamplingParameters = .greedy, maxNewTokens: Int,
        stops: [String] = [], wantsLogprobs: Bool = false, alternatives: Int = 0,
        visibleTokens: [Int32] = [], ignoresEnd: Bool = false,
        priorityClass: ClassIndex = ClassIndex(0), tenant: TenantID = .none,
        firstTokenDeadline: Instant = .distantFuture, perToken: Interval = .seconds(1),
        label: RequestLabel = .none
    ) {
        self.prompt = prompt
        self.sampling = sampling
        self.maxNewTokens = maxNewTokens
        self.stops = stops
        self.wantsLogprobs = wantsLogprobs
        self.alternatives = alternatives
        self.visibleTokens = visibleTokens
        self.ignoresEnd = ignoresEnd
        self.priorityClass = priorityClass
        self.tenant = tenant
        self.firstTokenDeadline = firstTokenDeadline
        self.perToken = perToken
        self.label = label
    }
}

/// What one request may ask for, whatever the model.
package enum GenerationLimits {
    /// Most stop strings.
    package static let stops = 16

    /// Longest stop string, in bytes of UTF-8.
    package static let stopBytes = 1_024

    /// Most alternatives reported beside a token.
    package static let alternatives = 20
}
