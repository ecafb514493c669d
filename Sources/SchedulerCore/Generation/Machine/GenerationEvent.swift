package import ServingModel

/// Everything that can happen to a ``GenerationScheduler``. Payload-free: ids, counts, hashes and times.
package enum GenerationEvent: Sendable, Equatable {
    /// A request came in. Its arrival time is the time of the event.
    case arrived(GenerationArrival)

    /// The client gave up. A request that waits, or whose slot rests between two steps, ends at once; one
    /// that rides the step in flight ends with that step. Ignored when the request has ended.
    case cancelled(RequestID)

    /// The device can run steps, for the first time or again after it was lost.
    case deviceReady

    /// The device is gone, and with it the step in flight and all that slots and cache held. Requests wait
    /// again; no ``stepped(_:)`` follows for the lost step.
    case deviceLost

    /// What a request holds by now, prompt and answer: names that begin with those of its prompt. Sent before
    /// ``finished(_:)``, so that the next turn of a conversation finds the answer in the cache, too.
    case grown(RequestID, PrefixChain)

    /// The request has produced its last token, or failed on its own. Sent between a step and its
    /// ``stepped(_:)``, or at any other time; the request has ended, and no action speaks of its end.
    case finished(RequestID)

    /// What the engine or the host held of a request is lost: it is computed anew. Of one that rides, the
    /// step in flight comes back as ``StepResult/failure``, which does not count against the device.
    case forgot(RequestID)

    /// The step in flight came back.
    case stepped(StepResult)

    /// The wake-up asked for by ``GenerationScheduler/nextWakeup``.
    case timerFired

    /// No further arrivals are accepted; what waits or runs is still served.
    case draining

    /// Leave to start one step now, where ``GenerationConfiguration/isArbitrated`` is set. The step is
    /// predicted to end within `longest`, but leaves out no decode for it, nor the least chunk of a prompt.
    case granted(longest: Interval)
}

/// How a step ended.
package enum StepResult: Sendable, Equatable {
    /// Every token of the plan was fed; each request that should have produced a token did.
    case success
    /// It failed; nothing was fed.
    case failure
    /// The engine had no room for it; nothing was fed.
    case outOfMemory
}

/// A request for generated text as it enters the machine.
package struct GenerationArrival: Sendable, Equatable {
    /// The shell's name for the request; unique among those that have not ended.
    package var id: RequestID
    /// Priority class; beyond the table means the last class.
    package var priorityClass: ClassIndex
    /// On whose behalf it is made; matters where ``GenerationConfiguration/fairness`` is set.
    package var tenant: TenantID
    /// Tokens of the prompt, at least 1.
    package var promptTokens: Int
    /// Most tokens that it may produce, at least 1. The shell ends it when it has produced so many.
    package var maxNewTokens: Int
    /// When its first token must be out; ``Instant/distantFuture`` when there is no limit.
    package var firstTokenDeadline: Instant
    /// Promised time for each token after the first.
    package var perToken: Interval
    /// How many tokens the client expects it to produce; `nil` when nobody knows.
    package var predictedNewTokens: Int?
    /// Names of the prompt's beginnings, by which it finds what others have left in the cache.
    package var prefix: PrefixChain

    /// Makes an arrival; see the properties.
    package init(
        id: RequestID, priorityClass: ClassIndex = ClassIndex(0), tenant: TenantID = .none,
        promptTokens: Int, maxNewTokens: Int, firstTokenDeadline: Instant = .distantFuture,
        perToken: Interval, predictedNewTokens: Int? = nil, prefix: PrefixChain = PrefixChain()
    ) {
        self.id = id
        self.priorityClass = priorityClass
        self.tenant = tenant
        self.promptTokens = promptTokens
        self.maxNewTokens = maxNewTokens
        self.firstTokenDeadline = firstTokenDeadline
        self.perToken = perToken
        self.predictedNewTokens = predictedNewTokens
        self.prefix = prefix
    }
}

/// Chained hashes of a prompt's full blocks of ``GenerationConfiguration/blockTokens`` tokens: equal hashes
/// at position i mean that the first `(i + 1) * blockTokens` tokens are equal.
package struct PrefixChain: Sendable, Equatable {
    /// One hash for each full block, from the start of the prompt.
    package var blocks: [UInt64]

    /// A chain of these hashes; empty for a prompt that shares nothing.
    package init(_ blocks: [UInt64] = []) {
        self.blocks = blocks
    }
}

/// Names a place of the engine that holds the keys and values of one sequence: slots that requests run in
/// come first, `0 ..< slots`, then those of the cache, `slots ..< slots + cacheSlots`.
package struct SlotID: Hashable, Comparable, Sendable, CustomStringConvertible {
    /// The number.
    package var rawValue: Int

    /// Wraps a number.
    package init(_ rawValue: Int) {
        self.rawValue = rawValue
    }

    /// By number.
    package static func < (left: SlotID, right: SlotID) -> Bool {
        left.rawValue < right.rawValue
    }

    /// The bare number.
    package var description: String { "\(rawValue)" }
}
