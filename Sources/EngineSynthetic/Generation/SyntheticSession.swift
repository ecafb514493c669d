internal import EngineAPI
internal import Synchronization

/// Sequences of a synthetic generator.
///
/// The key-value cache holds, for each token, a hash of it and of all before it, and the next token is
/// made from that hash. So whatever goes wrong with positions, slots or shared prefixes shows in the text.
/// Cells count how many slots share them, as in a real engine.
final class SyntheticSession: GenerationSession {
    private let model: SyntheticGenerator
    private let configuration: SessionConfiguration
    private let capacity: Int
    private let interruption = Interruption()

    /// Cells of each slot, by position.
    private var slots: [[Int]]
    /// Hash in each cell, and how many slots hold it.
    private var cells: [(hash: UInt64, holders: Int)] = []
    private var freeCells: [Int] = []
    /// Hash behind each token of the last step that wants output.
    private var outputs: [UInt64?] = []
    /// Steps so far, those that failed included.
    private var steps = 0

    init(_ model: SyntheticGenerator, _ configuration: SessionConfiguration) {
        self.model = model
        self.configuration = configuration
        capacity = min(configuration.keyValueTokens, model.settings.keyValueCapacity)
        slots = Array(repeating: [], count: configuration.slots)
    }

    var interrupt: @Sendable () -> Void {
        { [interruption] in interruption.ask() }
    }

    /// Cells in use.
    private var used: Int { cells.count - freeCells.count }

    func step(_ tokens: [StepToken]) throws(EngineError) {
        let context = try check(tokens)
        steps += 1
        let settings = model.settings
        if used + tokens.count > capacity
            || (settings.outOfMemoryEvery > 0 && steps % settings.outOfMemoryEvery == 0)
        {
            throw EngineError(
                .outOfMemory,
                "model '\(model.name)': no room for \(tokens.count) tokens beside \(used) of \(capacity)"
            )
        }
        try spend(
            settings.nanoseconds(tokens: tokens.count, keyValueTokens: context, step: steps))
        if settings.failEvery > 0 && steps % settings.failEvery == 0 {
            throw EngineError(
                .failed, "model '\(model.name)': step \(steps) fails, as fail_every asks")
        }
        outputs.removeAll(keepingCapacity: true)
        for token in tokens {
            let slot = Int(token.slot)
            let before = slots[slot].last.map { cells[$0].hash } ?? Mix.hash(1)
            let hash = Mix.hash(before ^ (UInt64(token.token) + 1))
            slots[slot].append(take(hash))
            outputs.append(token.wantsOutput ? hash : nil)
        }
    }

    /// Refuses what a real engine would refuse, or should; answers the context that the step reads.
    private func check(_ tokens: [StepToken]) throws(EngineError) -> Int {
        func require(_ isMet: Bool, _ problem: @autoclosure () -> String) throws(EngineError) {
            if !isMet {
                throw EngineError(.invalidInput, "model '\(model.name)': \(problem())")
            }
        }
        try require(
            (1...configuration.maxStepTokens).contains(tokens.count),
            "a step of \(tokens.count) tokens; 1 to \(configuration.maxStepTokens) are allowed")
        var ends: [Int32: Int32] = [:]
        for token in tokens {
            try require(
                (0..<Int32(model.info.vocabularySize)).contains(token.token),
                "token \(token.token) is not in the vocabulary")
            try require(
                slots.indices.contains(Int(token.slot)), "slot \(token.slot) is not in the session")
            let expected = ends[token.slot] ?? Int32(slots[Int(token.slot)].count)
            try require(
                token.position == expected,
                "position \(token.position) of slot \(token.slot), where \(expected) is next")
            try require(
                expected < Int32(clamping: model.settings.context),
                "position \(expected) is beyond the context of \(model.settings.context)")
            ends[token.slot] = expected + 1
        }
        return ends.values.reduce(0) { $0 + Int($1) }
    }

    private func spend(_ nanoseconds: UInt64) throws(EngineError) {
        interruption.begin()
        var rest = nanoseconds
        while rest > 0, !interruption.isAsked {
            let part = min(rest, 10_000_000)
            model.wait(part)
            rest -= part
        }
        if interruption.end() {
            throw EngineError(.failed, "model '\(model.name)': the step was interrupted")
        }
    }

    func sample(
        at index: Int, with sampler: any TokenSampler, alternatives: Int?
    ) throws(EngineError) -> SampledToken {
        guard outputs.indices.contains(index), let hash = outputs[index] else {
            throw EngineError(
                .invalidInput, "model '\(model.name)': token \(index) of the step has no output")
        }
        let draw = (sampler as? SyntheticSampler)?.draw() ?? 0
        let token = successor(draw == 0 ? hash : Mix.hash(hash ^ draw))
        guard let alternatives else {
            return SampledToken(token: token, logprob: 0, alternatives: [])
        }
        return SampledToken(
            token: token, logprob: -0.5,
            alternatives: (0..<alternatives).map {
                TokenLogprob(
                    token: $0 == 0 ? successor(hash) : successor(Mix.hash(hash &+ UInt64($0))),
                    logprob: -0.5 - Float($0))
            })
    }

    /// The token that follows a sequence with this hash: letters, blanks, full stops and letters of two
    /// bytes, and now and then the end.
    private func successor(_ hash: UInt64) -> Int32 {
        let pick = Mix.hash(hash)
        let endEvery = UInt64(model.settings.endEvery)
        if endEvery > 0, (pick >> 32) % endEvery == 0 { return SyntheticGenerator.ending }
        switch pick % 32 {
        case let letter where letter < 26: return Int32(UInt8(ascii: "a")) + Int32(letter)
        case 26...29: return Int32(UInt8(ascii: " "))
        case 30: return Int32(UInt8(ascii: "."))
        // The two halves of a letter are tokens of their own, and each may stand alone.
        default: return pick >> 8 & 1 == 0 ? 0xC3 : 0xA9
        }
    }

    func copy(slot: Int, to other: Int, count: Int) {
        precondition(
            slot != other && count <= slots[slot].count,
            "\(count) tokens of slot \(slot), which holds \(slots[slot].count), for slot \(other)")
        let shared = Array(slots[slot][..<count])
        for cell in shared { cells[cell].holders += 1 }
        truncate(slot: other, to: 0)
        slots[other] = shared
    }

    func truncate(slot: Int, to count: Int) {
        guard count < slots[slot].count else { return }
        for cell in slots[slot][count...] { drop(cell) }
        slots[slot].removeLast(slots[slot].count - count)
    }

    func save(slot: Int) throws(EngineError) -> [UInt8] {
        slots[slot].flatMap { cell in
            (0..<8).map { UInt8(truncatingIfNeeded: cells[cell].hash >> (8 * $0)) }
        }
    }

    func restore(slot: Int, from state: [UInt8]) throws(EngineError) {
        truncate(slot: slot, to: 0)
        guard state.count % 8 == 0 else {
            throw EngineError(.invalidInput, "model '\(model.name)': not a saved state")
        }
        guard used + state.count / 8 <= capacity else {
            throw EngineError(.outOfMemory, "model '\(model.name)': no room for a saved state")
        }
        for start in stride(from: 0, to: state.count, by: 8) {
            let hash = (0..<8).reduce(UInt64(0)) { $0 | UInt64(state[start + $1]) << (8 * $1) }
            slots[slot].append(take(hash))
        }
    }

    private func take(_ hash: UInt64) -> Int {
        if let cell = freeCells.popLast() {
            cells[cell] = (hash, 1)
            return cell
        }
        cells.append((hash, 1))
        return cells.count - 1
    }

    private func drop(_ cell: Int) {
        cells[cell].holders -= 1
        if cells[cell].holders == 0 { freeCells.append(cell) }
    }
}

/// Whether the step in progress shall end early.
private final class Interruption: Sendable {
    private enum State {
        static let idle = 0
        static let stepping = 1
        static let asked = 2
    }

    private let state = Atomic(State.idle)

    var isAsked: Bool { state.load(ordering: .acquiring) == State.asked }

    func begin() { state.store(State.stepping, ordering: .releasing) }

    func ask() {
        _ = state.compareExchange(
            expected: State.stepping, desired: State.asked, ordering: .acquiringAndReleasing)
    }

    /// Whether the step that ends here was asked to.
    func end() -> Bool {
        state.exchange(State.idle, ordering: .acquiringAndReleasing) == State.asked
    }
}

/// The finisher of SplitMix64.
enum Mix {
    static func hash(_ value: UInt64) -> UInt64 {
        var z = value &+ 0x9E37_79B9_7F4A_7C15
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}
