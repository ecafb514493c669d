public import EngineAPI

/// Drives a session as a server's shell does: it keeps the tokens of each slot, feeds what is missing
/// and appends what is picked.
public struct GenerationDriver {
    /// The session that is driven.
    public let session: any GenerationSession

    /// Tokens of each slot: the prompt, then what was generated.
    public var tokens: [[Int32]]

    /// How many of them each slot's cache holds.
    public private(set) var fed: [Int]

    private let samplers: [any TokenSampler]

    /// Drives `session`, slot by slot with one of `samplers`.
    public init(_ session: any GenerationSession, samplers: [any TokenSampler]) {
        self.session = session
        self.samplers = samplers
        tokens = Array(repeating: [], count: samplers.count)
        fed = Array(repeating: 0, count: samplers.count)
    }

    /// Feeds up to `counts[slot]` tokens of each slot in one step, and picks the next token of every
    /// slot whose last token was fed.
    public mutating func step(_ counts: [Int]) throws(EngineError) {
        var items: [StepToken] = []
        var outputs: [(slot: Int, index: Int)] = []
        for (slot, count) in counts.enumerated() {
            let end = min(fed[slot] + count, tokens[slot].count)
            for position in fed[slot]..<max(end, fed[slot]) {
                let isLast = position + 1 == tokens[slot].count
                if isLast { outputs.append((slot, items.count)) }
                items.append(
                    StepToken(
                        token: tokens[slot][position], position: Int32(position),
                        slot: Int32(slot), wantsOutput: isLast))
            }
        }
        if items.isEmpty { return }
        try session.step(items)
        for slot in counts.indices { fed[slot] = min(fed[slot] + counts[slot], tokens[slot].count) }
        for (slot, index) in outputs {
            let sampled = try session.sample(at: index, with: samplers[slot], alternatives: nil)
            tokens[slot].append(sampled.token)
        }
    }

    /// Forgets keys and values of a slot, so that its tokens are computed again.
    public mutating func recompute(_ slot: Int) {
        session.truncate(slot: slot, to: 0)
        fed[slot] = 0
    }

    /// Starts `slot` with the first `count` tokens of `other`, whose cache holds them.
    public mutating func share(_ count: Int, of other: Int, with slot: Int) {
        session.copy(slot: other, to: slot, count: count)
        fed[slot] = count
    }

    /// Moves keys and values of a slot out of the session and back.
    public mutating func swap(_ slot: Int) throws(EngineError) {
        let state = try session.save(slot: slot)
        session.truncate(slot: slot, to: 0)
        try session.restore(slot: slot, from: state)
    }
}

extension GenerativeModel {
    /// What the model generates for `prompt` alone.
    public func generate(
        _ prompt: [Int32], count: Int, _ parameters: SamplingParameters = .greedy,
        isExact: Bool = true
    ) throws(EngineError) -> [Int32] {
        let session = try makeSession(
            SessionConfiguration(
                slots: 1, keyValueTokens: prompt.count + count, maxStepTokens: prompt.count,
                isExact: isExact))
        var driver = GenerationDriver(session, samplers: [try makeSampler(parameters)])
        driver.tokens[0] = prompt
        for _ in 0..<count { try driver.step([prompt.count]) }
        return Array(driver.tokens[0].dropFirst(prompt.count))
    }
}
