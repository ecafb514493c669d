internal import ServingModel

/// What the scheduler knows of a request, from its arrival to its end. Its prefix chain lies apart, so that
/// this is plain bytes.
struct GenerationEntry {
    let id: RequestID
    /// Position of its class.
    let priorityClass: Int
    let arrival: Instant
    /// Order of arrival: the tie-breaker that makes every key unique.
    let sequence: UInt64
    let promptTokens: Int
    let maxNewTokens: Int
    let firstTokenDeadline: Instant
    let perToken: Interval
    /// What somebody expects it to produce: its client, or the scheduler from others of its class.
    let expectedTokens: Double
    /// Whether the client said so.
    let isHinted: Bool
    /// Where its tenant's tokens are counted.
    var account: Int

    /// Tokens produced so far.
    var generated = 0
    /// Tokens held by its slot or, swapped out, by the host.
    var length = 0
    /// How many of them are shared with the cache.
    var shared = 0
    /// The node of the cache that they end at; held while it runs.
    var node = PrefixCache.none
    /// The slot that it runs in, -1 while it waits.
    var slot: Int32 = -1
    /// Place in the list of those that wait.
    var place = 0
    /// Tokens that it feeds in the step in flight; 0 when it does not ride.
    var riding = 0
    /// Tokens of it that the cache was last seen to hold.
    var hit = 0
    /// Tokens that it is expected to produce yet, as of the present step.
    var rest = 0
    /// When its first token was out.
    var firstToken: Instant?
    /// Whether the host keeps what its slot held.
    var isSwapped = false
    /// Whether its prompt was offered to the cache since it was last admitted.
    var isRetained = false
    /// Whether what it holds is lost, so that it is computed anew once the step in flight comes back.
    var isLost = false
    /// How it ends as soon as the step in flight comes back.
    var ending = Ending.none

    enum Ending {
        case none
        case finished
        case cancelled
    }

    var isRunning: Bool { slot >= 0 }

    /// Tokens that must be in the slot before the next one can be produced.
    var target: Int { promptTokens + generated }

    /// Tokens to be fed until then.
    var need: Int { target - length }

    /// Most tokens that it will ever hold: the last one produced is not fed any more.
    var most: Int { promptTokens + maxNewTokens - 1 }

    /// Whether it runs and feeds just the token that it has produced last.
    var isDecode: Bool { isRunning && generated > 0 && need == 1 }

    /// Tokens to be fed if the cache still holds what it was last seen to hold.
    var expectedNeed: Int { max(target - max(length, hit), 1) }

    /// Tokens of its slot that belong to nobody else.
    var own: Int { length - shared }

    /// When its next token is promised.
    var due: Instant {
        guard let firstToken else { return firstTokenDeadline }
        return firstToken + perToken * UInt64(generated)
    }
}
