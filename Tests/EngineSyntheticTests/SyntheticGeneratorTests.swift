import EngineAPI
import EngineSynthetic
import Synchronization
import Testing

@Suite("The synthetic generator")
struct SyntheticGeneratorTests {
    private func open(
        _ parameters: [String: String] = [:], wait: SyntheticEngine.Wait? = { _ in }
    ) throws -> any GenerativeModel {
        let source = ModelSource(
            name: "text", path: "", maxBatchSize: 0,
            parameters: parameters.merging(["task": "generate"]) { $1 })
        guard case .generator(let model) = try SyntheticEngine(wait: wait).open(source) else {
            throw EngineError(.failed, "opened as tensors")
        }
        return model
    }

    private func session(
        _ model: any GenerativeModel, slots: Int = 4, room: Int = 256, stepTokens: Int = 128
    ) throws -> any GenerationSession {
        try model.makeSession(
            SessionConfiguration(slots: slots, keyValueTokens: room, maxStepTokens: stepTokens))
    }

    /// Feeds tokens to a slot from `start` on.
    private func feed(
        _ tokens: [Int32], to slot: Int32 = 0, from start: Int = 0,
        of session: any GenerationSession
    ) throws {
        try session.step(
            tokens.enumerated().map { index, token in
                StepToken(
                    token: token, position: Int32(start + index), slot: slot,
                    wantsOutput: index == tokens.count - 1)
            })
    }

    private func next(
        _ model: any GenerativeModel, _ session: any GenerationSession, at index: Int,
        _ parameters: SamplingParameters = .greedy
    ) throws -> Int32 {
        try session.sample(at: index, with: model.makeSampler(parameters), alternatives: nil).token
    }

    private func kind(_ body: () throws -> Void) -> EngineError.Kind? {
        do {
            try body()
            return nil
        } catch {
            return (error as? EngineError)?.kind
        }
    }

    @Test("Without a task it is a function of tensors, with an unknown one an error")
    func tasks() throws {
        let engine = SyntheticEngine()
        var source = ModelSource(name: "m", path: "", maxBatchSize: 0)
        source.parameters["task"] = "dance"
        #expect(kind { _ = try engine.open(source) } == .invalidModel)
        source.parameters["task"] = "generate"
        #expect(kind { _ = try engine.load(source) } == .invalidModel)
        source.parameters["base"] = "1"
        #expect(kind { _ = try engine.open(source) } == .invalidModel)
    }

    @Test("Tokens are bytes, and control tokens where they are asked for")
    func tokens() throws {
        let model = try open()
        #expect(
            try model.tokenize("é</s>", addsSpecial: true, parsesSpecial: true)
                == [256, 0xC3, 0xA9, 257])
        #expect(try model.tokenize("</s>", addsSpecial: false, parsesSpecial: false).count == 4)
        #expect(model.piece(of: 0x41, rendersSpecial: false) == [0x41])
        #expect(model.piece(of: 257, rendersSpecial: false).isEmpty)
        #expect(model.piece(of: 257, rendersSpecial: true) == Array("</s>".utf8))
        #expect(model.piece(of: 300, rendersSpecial: true).isEmpty)
        #expect(model.endsGeneration(257) && !model.endsGeneration(256))
    }

    @Test("The next token depends on every token before it, and on nothing else")
    func prefix() throws {
        let model = try open()
        let whole = try session(model)
        try feed([1, 2, 3, 4, 5], of: whole)
        let expected = try next(model, whole, at: 4)
        let parts = try session(model)
        try feed([9, 9], to: 1, of: parts)
        try feed([1, 2], of: parts)
        try feed([3, 4, 5], from: 2, of: parts)
        #expect(try next(model, parts, at: 2) == expected)
        // Of many other sequences hardly any goes on in the same way.
        var same = 0
        for first in 0..<64 {
            let other = try session(model)
            try feed([Int32(100 + first), 2, 3, 4, 5], of: other)
            if try next(model, other, at: 4) == expected { same += 1 }
        }
        #expect(same < 20)
    }

    @Test("Shared prefixes, truncated slots and saved states go on as the sequence itself")
    func moves() throws {
        let model = try open()
        let session = try session(model)
        try feed([1, 2, 3, 4], of: session)
        let expected = try next(model, session, at: 3)
        session.copy(slot: 0, to: 1, count: 3)
        try feed([4], to: 1, from: 3, of: session)
        #expect(try next(model, session, at: 0) == expected)
        session.truncate(slot: 0, to: 2)
        try feed([3, 4], from: 2, of: session)
        #expect(try next(model, session, at: 1) == expected)
        let saved = try session.save(slot: 1)
        session.truncate(slot: 1, to: 3)
        try session.restore(slot: 2, from: saved)
        session.truncate(slot: 2, to: 3)
        try feed([4], to: 2, from: 3, of: session)
        #expect(try next(model, session, at: 0) == expected)
        #expect(kind { try session.restore(slot: 3, from: [1, 2, 3]) } == .invalidInput)
    }

    @Test("Shared tokens take room once, and what does not fit commits nothing")
    func memory() throws {
        let model = try open()
        let session = try session(model, room: 10)
        try feed([1, 2, 3, 4, 5, 6], of: session)
        session.copy(slot: 0, to: 1, count: 6)
        #expect(kind { try feed([1, 2, 3, 4, 5], to: 2, of: session) } == .outOfMemory)
        try feed([1, 2, 3, 4], to: 2, of: session)
        session.truncate(slot: 0, to: 0)
        #expect(kind { try feed([1], to: 3, of: session) } == .outOfMemory)
        session.truncate(slot: 1, to: 0)
        try feed([1, 2, 3, 4, 5, 6], to: 3, of: session)
    }

    @Test("Positions out of order, strange tokens, strange slots and large steps are refused")
    func refusals() throws {
        let model = try open(["context": "8"])
        let session = try session(model, stepTokens: 16)
        #expect(kind { try feed([1], from: 1, of: session) } == .invalidInput)
        #expect(kind { try feed([258], of: session) } == .invalidInput)
        #expect(kind { try feed([1], to: 4, of: session) } == .invalidInput)
        #expect(
            kind { try feed(Array(repeating: 1, count: 17), of: session) } == .invalidInput)
        #expect(kind { try feed(Array(repeating: 1, count: 9), of: session) } == .invalidInput)
        try feed([1, 2], of: session)
        #expect(kind { _ = try next(model, session, at: 0) } == .invalidInput)
        #expect(kind { _ = try next(model, session, at: 2) } == .invalidInput)
        #expect(
            kind { _ = try model.makeSampler(SamplingParameters(temperature: -1)) }
                == .invalidInput)
    }

    @Test("Steps fail, run out of memory and cost what the parameters say")
    func costs() throws {
        let spent = Waits()
        let model = try open(
            [
                "base_us": "100", "per_token_us": "10", "per_kv_token_us": "1", "fail_every": "3",
                "oom_every": "4",
            ], wait: { spent.add($0) })
        let session = try session(model)
        try feed([1, 2, 3], of: session)
        #expect(spent.all.reduce(0, +) == 133_000)
        try feed([4], from: 3, of: session)
        #expect(spent.all.reduce(0, +) == 133_000 + 114_000)
        #expect(kind { try feed([5], from: 4, of: session) } == .failed)
        #expect(kind { try feed([5], from: 4, of: session) } == .outOfMemory)
        try feed([5], from: 4, of: session)
    }

    @Test("A step that is interrupted fails and commits nothing")
    func interrupted() throws {
        let interrupt = Mutex<(@Sendable () -> Void)?>(nil)
        let model = try open(
            ["base_us": "60000000"], wait: { _ in interrupt.withLock { $0 }?() })
        let session = try session(model)
        interrupt.withLock { $0 = session.interrupt }
        #expect(kind { try feed([1], of: session) } == .failed)
        #expect(kind { try feed([1], of: session) } == .failed)
        session.interrupt()
    }

    @Test("With a temperature the seed decides, and alternatives are as many as asked for")
    func sampling() throws {
        let model = try open()
        let session = try session(model)
        try feed([1, 2, 3], of: session)
        func picks(_ seed: UInt64) throws -> [Int32] {
            let sampler = try model.makeSampler(SamplingParameters(temperature: 1, seed: seed))
            return try (0..<16).map { _ in
                try session.sample(at: 2, with: sampler, alternatives: nil).token
            }
        }
        #expect(try picks(1) == picks(1))
        #expect(try picks(1) != picks(2))
        let greedy = try model.makeSampler(.greedy)
        let sampled = try session.sample(at: 2, with: greedy, alternatives: 4)
        #expect(sampled.alternatives.count == 4)
        #expect(sampled.alternatives.first?.token == sampled.token)
    }
}
