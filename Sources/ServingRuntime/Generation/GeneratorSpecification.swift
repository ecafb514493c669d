package import EngineAPI
package import SchedulerCore
package import ServingModel

/// How one version of a model that generates text shall be served.
package struct GeneratorSpecification: Sendable {
    /// Name of the model.
    package var name: String

    /// Its version.
    package var version: Int

    /// Name of the engine that runs it.
    package var engine: String

    /// Priority classes, most important first; their deadline is that of the first token.
    package var classes: [PriorityClass]

    /// Time promised for each token after the first, by position in the class table.
    package var perToken: [Interval]

    /// Most requests that generate at the same time, at least 1.
    package var slots: Int

    /// Prefixes of prompts kept for requests that begin alike; 0 for none. Slots and these together are
    /// at most 256.
    package var cacheSlots: Int

    /// Room for keys and values, in tokens, shared by all slots and kept prefixes.
    package var keyValueTokens: Int

    /// Longest sequence, prompt and answer together, in tokens.
    package var maxContext: Int

    /// Most tokens of one step.
    package var maxStepTokens: Int

    /// Threads that compute a step.
    package var threads: Int

    /// Whether answers are the same to the last bit whatever shares their steps; costs memory and
    /// speed.
    package var isExact: Bool

    /// Who decides what a step consists of.
    package var policy: GenerationPolicy

    /// Host memory for keys and values of pre-empted requests; 0 to compute them anew. What a copy costs is
    /// measured at the start.
    package var swapBytes = 0

    /// What it costs to keep a pre-empted request's keys and values in host memory, where that is known
    /// without measuring.
    package var swap: SwapCost?

    /// Most requests that may wait.
    package var maxQueuedRequests: Int

    /// Most prompt tokens that may wait.
    package var maxQueuedTokens: Int

    /// Bytes that a reader may leave unread before its request is cancelled.
    package var maxUnreadBytes: Int

    /// Whether steps compute on cores that event loops need too, because there are not enough.
    package var sharesCores: Bool

    /// What is remembered about requests that have ended.
    package var decisions = DecisionSettings()

    /// The device that it computes on beside other models, one step or batch at a time; `nil` for one of its
    /// own.
    package var device: DeviceArbiter?

    /// Told when its threads have ended and its memory is free.
    package var onEnd: @Sendable () -> Void = {}

    /// Told of every step that the engine failed, on the session's thread.
    package var onEngineFailure: @Sendable (EngineError) -> Void

    /// A specification with the default limits.
    package init(
        name: String, version: Int = 1, engine: String,
        classes: [PriorityClass] = PriorityClass.defaultTable, slots: Int = 16,
        cacheSlots: Int = 16, keyValueTokens: Int = 16_384, maxContext: Int = 4_096,
        maxStepTokens: Int = 2_048, threads: Int = 1, isExact: Bool = false,
        policy: GenerationPolicy = .slackAware, maxQueuedRequests: Int = 1_024,
        maxQueuedTokens: Int = 1 << 20,
        maxUnreadBytes: Int = 1 << 20, sharesCores: Bool = false,
        perToken: [Interval] = [],
        onEngineFailure: @escaping @Sendable (EngineError) -> Void = { _ in }
    ) {
        self.name = name
        self.version = version
        self.engine = engine
        self.classes = classes
        self.perToken = perToken
        self.slots = slots
        self.cacheSlots = cacheSlots
        self.keyValueTokens = keyValueTokens
        self.maxContext = maxContext
        self.maxStepTokens = maxStepTokens
        self.threads = threads
        self.isExact = isExact
        self.policy = policy
        self.maxQueuedRequests = maxQueuedRequests
        self.maxQueuedTokens = maxQueuedTokens
        self.maxUnreadBytes = maxUnreadBytes
        self.sharesCores = sharesCores
        self.onEngineFailure = onEngineFailure
    }
}
