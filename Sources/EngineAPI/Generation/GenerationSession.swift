/// Size and exactness of a session.
public struct SessionConfiguration: Hashable, Sendable {
    /// Number of sequences held at the same time, 1...256; slots are `0..<slots`.
    public var slots: Int

    /// Room for keys and values, in tokens, shared by all slots. Tokens that several slots share
    /// count once.
    public var keyValueTokens: Int

    /// Largest number of tokens of one step.
    public var maxStepTokens: Int

    /// Threads that compute a step, the calling one included.
    public var threads: Int

    /// Whether a sequence's logits have to be the same to the last bit whatever shares its steps and
    /// however its prompt is cut. Where they are not anyway it costs memory (each slot has room of its
    /// own for ``keyValueTokens`` or the model's context, in full precision) and the gain of batching.
    public var isExact: Bool

    /// Makes a configuration.
    public init(
        slots: Int, keyValueTokens: Int, maxStepTokens: Int, threads: Int = 1, isExact: Bool = false
    ) {
        self.slots = slots
        self.keyValueTokens = keyValueTokens
        self.maxStepTokens = maxStepTokens
        self.threads = threads
        self.isExact = isExact
    }
}

/// One token that a step feeds to the model.
public struct StepToken: Hashable, Sendable {
    /// The token.
    public var token: Int32

    /// Its position in its sequence. Steps feed each slot's positions in order and without gaps.
    public var position: Int32

    /// The slot of its sequence.
    public var slot: Int32

    /// Whether the next token is to be sampled after this one.
    public var wantsOutput: Bool

    /// Makes a token of a step.
    public init(token: Int32, position: Int32, slot: Int32, wantsOutput: Bool) {
        self.token = token
        self.position = position
        self.slot = slot
        self.wantsOutput = wantsOutput
    }
}

/// A token and its probability.
public struct TokenLogprob: Hashable, Sendable {
    /// The token.
    public var token: Int32

    /// Natural logarithm of its probability under the model itself: before bias, penalties,
    /// temperature and filters.
    public var logprob: Float

    /// Makes a pair.
    public init(token: Int32, logprob: Float) {
        self.token = token
        self.logprob = logprob
    }
}

/// A token that was picked.
public struct SampledToken: Hashable, Sendable {
    /// The token.
    public var token: Int32

    /// As ``TokenLogprob/logprob``; 0 where no probabilities were asked for.
    public var logprob: Float

    /// The likeliest tokens, likeliest first, as many as were asked for.
    public var alternatives: [TokenLogprob]

    /// Makes a sampled token.
    public init(token: Int32, logprob: Float, alternatives: [TokenLogprob]) {
        self.token = token
        self.logprob = logprob
        self.alternatives = alternatives
    }
}

/// The sequences in progress on one model, advanced together step by step.
///
/// A session is confined to the thread that made it: it is made, used and dropped there.
public protocol GenerationSession: AnyObject {
    /// Ends the step in progress, from whichever thread: it throws `failed` as soon as the engine
    /// can stop. Without a step in progress it does nothing.
    var interrupt: @Sendable () -> Void { get }

    /// Feeds tokens of any number of slots at once: prompts and parts of prompts, and the last tokens
    /// of running generations.
    ///
    /// - Throws: ``EngineError``: `outOfMemory` where no room is left for keys and values,
    ///   `invalidInput` where a token is outside the vocabulary, a slot outside the session, a
    ///   position out of order or the step too large, `failed` for anything else. Nothing was
    ///   committed in all cases: each slot holds what it held before.
    func step(_ tokens: [StepToken]) throws(EngineError)

    /// Picks the token that follows one that the last step fed, and tells the sampler of it.
    ///
    /// - Parameters:
    ///   - index: Position in the last step's tokens, of one that ``StepToken/wantsOutput``.
    ///   - sampler: The request's sampler.
    ///   - alternatives: How many likely tokens to report beside it, or `nil` for no probabilities at
    ///     all, which is quicker.
    /// - Throws: ``EngineError`` of kind `invalidInput` for an index without output, `failed` where
    ///   no token is left to pick.
    func sample(
        at index: Int, with sampler: any TokenSampler, alternatives: Int?
    ) throws(EngineError) -> SampledToken

    /// Makes the first `count` tokens of `slot` the whole of `other`. Keys and values are shared, not
    /// copied (but in an exact session). A slot or number that is not there stops the process.
    func copy(slot: Int, to other: Int, count: Int)

    /// Forgets all but the first `count` tokens of `slot`. A slot or number that is not there stops
    /// the process.
    func truncate(slot: Int, to count: Int)

    /// The keys and values of `slot`, to be put back with ``restore(slot:from:)`` into this session.
    ///
    /// - Throws: ``EngineError`` of kind `outOfMemory` or `failed`.
    func save(slot: Int) throws(EngineError) -> [UInt8]

    /// Puts saved keys and values into `slot`, in place of what it holds.
    ///
    /// - Throws: ``EngineError`` of kind `outOfMemory` where they do not fit, `invalidInput` where
    ///   the bytes are not what ``save(slot:)`` gave. The slot is empty then.
    func restore(slot: Int, from state: [UInt8]) throws(EngineError)
}
