internal import ServingModel

/// What the device and the clients know of a request that has not ended.
struct GenerationProgress {
    let arrival: Instant
    let firstTokenDeadline: Instant
    let perToken: Interval
    let priorityClass: Int
    let isCounted: Bool
    let promptTokens: Int
    /// Tokens after which the answer is complete.
    let newTokens: Int
    /// Tokens that have come.
    private(set) var generated = 0
    private(set) var firstToken = Instant.distantFuture
    private(set) var lastToken = Instant.origin
    /// Gaps between the tokens so far.
    private(set) var gaps: [Interval] = []
    /// Whether it has ridden a step.
    var hasStarted = false
    /// Tokens whose keys and values it has, on the device or, swapped out, in the host's memory.
    var held = 0

    init(
        arrival: Instant, firstTokenDeadline: Instant, perToken: Interval, priorityClass: Int,
        isCounted: Bool, promptTokens: Int, newTokens: Int
    ) {
        self.arrival = arrival
        self.firstTokenDeadline = firstTokenDeadline
        self.perToken = perToken
        self.priorityClass = priorityClass
        self.isCounted = isCounted
        self.promptTokens = promptTokens
        self.newTokens = newTokens
    }

    var isComplete: Bool { generated >= newTokens }

    /// Another token.
    mutating func note(tokenAt now: Instant) {
        if generated == 0 {
            firstToken = now
        } else if isCounted {
            gaps.append(lastToken.interval(to: now))
        }
        lastToken = now
        generated += 1
    }

    /// Mean gap between the tokens; zero for a single token.
    var meanGap: Interval {
        generated < 2 ? .zero : firstToken.interval(to: lastToken) / UInt64(generated - 1)
    }

    var keepsFirstToken: Bool { firstToken <= firstTokenDeadline }

    /// The time per output token is a promise about the mean: a client that reads at this pace never waits
    /// in vain, however the tokens bunch.
    var keepsPerToken: Bool { meanGap <= perToken }
}

extension GenerationClassOutcome {
    /// Counts an answer that is complete.
    mutating func note(_ answer: GenerationProgress) {
        firstToken.add(answer.arrival.interval(to: answer.firstToken))
        if answer.generated > 1 { perToken.add(answer.meanGap) }
        for gap in answer.gaps { gaps.add(gap) }
        if !answer.keepsFirstToken { firstTokenMissed += 1 }
        if !answer.keepsPerToken { perTokenMissed += 1 }
        ends.note(
            latency: answer.arrival.interval(to: answer.lastToken),
            isInTime: answer.keepsFirstToken && answer.keepsPerToken)
    }
}
