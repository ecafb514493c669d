/// How the tokens of one request are picked.
///
/// The filters apply in this order: bias, penalties, temperature, top-k, top-p, min-p. With the same
/// parameters and the same logits a sampler picks the same tokens, whatever else runs.
public struct SamplingParameters: Hashable, Sendable {
    /// Divides the logits; 0 picks the likeliest token always.
    public var temperature: Float

    /// Keeps the likeliest tokens that together have this probability; 1 keeps all.
    public var topP: Float

    /// Drops tokens less likely than this part of the likeliest; 0 keeps all.
    public var minP: Float

    /// Keeps this many of the likeliest tokens; 0 keeps all.
    public var topK: Int

    /// Seed of the generator of random numbers.
    public var seed: UInt64

    /// Taken off the logit of every token that was generated already; in -2...2.
    public var presencePenalty: Float

    /// Taken off a token's logit once for each time that it was generated; in -2...2.
    public var frequencyPenalty: Float

    /// Divides the logit (multiplies it where it is negative) of every token that was generated
    /// already; 1 for none, greater than 0.
    public var repetitionPenalty: Float

    /// Added to logits, token by token.
    public var logitBias: [LogitBias]

    /// What the text must look like; `nil` where everything goes.
    public var grammar: Grammar?

    /// Makes parameters that sample from the model's own distribution, unless told otherwise.
    public init(
        temperature: Float = 1, topP: Float = 1, minP: Float = 0, topK: Int = 0, seed: UInt64 = 0,
        presencePenalty: Float = 0, frequencyPenalty: Float = 0, repetitionPenalty: Float = 1,
        logitBias: [LogitBias] = [], grammar: Grammar? = nil
    ) {
        self.temperature = temperature
        self.topP = topP
        self.minP = minP
        self.topK = topK
        self.seed = seed
        self.presencePenalty = presencePenalty
        self.frequencyPenalty = frequencyPenalty
        self.repetitionPenalty = repetitionPenalty
        self.logitBias = logitBias
        self.grammar = grammar
    }

    /// Picks the likeliest token always.
    public static let greedy = SamplingParameters(temperature: 0)
}

/// A number added to the logit of one token.
public struct LogitBias: Hashable, Sendable {
    /// The token.
    public var token: Int32
    /// What is added.
    public var bias: Float

    /// Makes a bias.
    public init(token: Int32, bias: Float) {
        self.token = token
        self.bias = bias
    }
}

/// The state that picks the tokens of one request: random numbers, counts, place in the grammar.
///
/// It may be made on one thread and used on another, but by one at a time.
public protocol TokenSampler: AnyObject, Sendable {}
