package import ServingModel

/// What a reader of a ``GenerationStream`` gets at a time: everything that became certain since the last
/// time.
package struct GenerationUpdate: Sendable, Equatable {
    /// Text to append: whole characters only, and never a part of a stop string.
    package var text: String

    /// The tokens of ``text``, when the request wants probabilities; else empty. A token is reported
    /// once all of its bytes are.
    package var tokens: [GeneratedToken]

    /// Tokens generated so far, in all updates.
    package var generatedTokens: Int

    /// How it ended; set on the last update only.
    package var end: GenerationEnd?

    /// Makes an update; see the properties.
    package init(
        text: String = "", tokens: [GeneratedToken] = [], generatedTokens: Int = 0,
        end: GenerationEnd? = nil
    ) {
        self.text = text
        self.tokens = tokens
        self.generatedTokens = generatedTokens
        self.end = end
    }

    /// Appends a later update to this one.
    mutating func merge(_ later: GenerationUpdate) {
        text += later.text
        tokens += later.tokens
        generatedTokens = later.generatedTokens
        end = later.end
    }

    /// Memory that the update takes up while nobody reads it, in bytes; an estimate.
    var byteCount: Int {
        tokens.reduce(text.utf8.count) { sum, token in
            sum + 64 + token.bytes.count
                + token.alternatives.reduce(0) { $0 + 48 + $1.bytes.count }
        }
    }
}

/// A token that was generated, and how likely it was.
package struct GeneratedToken: Sendable, Hashable {
    /// A token that could have been picked.
    package struct Alternative: Sendable, Hashable {
        /// The token.
        package var id: Int32
        /// What it stands for; it may be a part of a character.
        package var bytes: [UInt8]
        /// Natural logarithm of its probability under the model.
        package var logprob: Float

        /// Makes an alternative.
        package init(id: Int32, bytes: [UInt8], logprob: Float) {
            self.id = id
            self.bytes = bytes
            self.logprob = logprob
        }
    }

    /// The token.
    package var id: Int32

    /// What it stands for; it may be a part of a character.
    package var bytes: [UInt8]

    /// Natural logarithm of its probability under the model.
    package var logprob: Float

    /// The likeliest tokens at its place, likeliest first, as many as the request asked for.
    package var alternatives: [Alternative]

    /// Makes a token.
    package init(id: Int32, bytes: [UInt8], logprob: Float, alternatives: [Alternative] = []) {
        self.id = id
        self.bytes = bytes
        self.logprob = logprob
        self.alternatives = alternatives
    }
}

/// How a generation ended, what it used and how long it took.
package struct GenerationEnd: Sendable, Equatable {
    /// Why no token follows.
    package enum Reason: Sendable, Equatable {
        /// The model ended the text, or a stop string did.
        case stop
        /// The limit of new tokens or the model's context was reached.
        case length
        /// It was refused, given up or failed; what was generated before stands.
        case failed(ServingError)
    }

    /// Tokens that the request took.
    package struct Usage: Sendable, Equatable {
        /// Tokens of the prompt.
        package var promptTokens: Int
        /// Tokens that were generated, the one that ended the text included.
        package var generatedTokens: Int
        /// Tokens of the prompt that were found in the prefix cache.
        package var cachedTokens: Int
    }

    /// How long things took, from arrival.
    package struct Timing: Sendable, Equatable {
        /// Until the request first rode a step; `nil` when it never did.
        package var queued: Interval?
        /// Until the first token; `nil` when there was none.
        package var firstToken: Interval?
        /// Until the end.
        package var total: Interval
    }

    /// Why no token follows.
    package var reason: Reason

    /// The stop string that ended the text, if one did.
    package var matchedStop: String?

    /// Tokens that the request took.
    package var usage: Usage

    /// How long things took.
    package var timing: Timing

    /// Makes an end; see the properties.
    package init(reason: Reason, matchedStop: String? = nil, usage: Usage, timing: Timing) {
        self.reason = reason
        self.matchedStop = matchedStop
        self.usage = usage
        self.timing = timing
    }
}
