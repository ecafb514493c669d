import EngineAPI
import EngineSynthetic
import SchedulerCore
import ServingModel
import ServingRuntime

/// A served synthetic generator with a clock and a timer that the test moves.
struct GeneratorHarness {
    let model: FaultyGenerator
    let served: ServedGenerator
    let clock: VirtualClock
    let timer: ManualTimer

    /// Starts a generator whose steps take no time, or what its parameters say.
    static func start(
        parameters: [String: String] = [:], clock: VirtualClock = VirtualClock(),
        takesTime: Bool = false, adjust: (inout GeneratorSpecification) -> Void = { _ in },
        onStep: @escaping @Sendable () -> Void = {}
    ) async throws -> GeneratorHarness {
        let model = try FaultyGenerator(
            parameters: parameters,
            wait: { if takesTime { clock.advance(by: Interval(nanoseconds: $0)) } },
            onStep: onStep)
        let timer = ManualTimer()
        var specification = GeneratorSpecification(
            name: "synthetic", engine: "synthetic", slots: 8, cacheSlots: 0,
            keyValueTokens: 4_096, maxContext: 1_024, maxStepTokens: 256)
        adjust(&specification)
        let served = try await ServedGenerator.start(
            specification, model: model, clock: clock, timer: timer)
        model.stage.update { $0.isServing = true }
        return GeneratorHarness(model: model, served: served, clock: clock, timer: timer)
    }

    /// A prompt of text.
    func prompt(_ text: String) throws -> [Int32] {
        try model.tokenize(text, addsSpecial: true, parsesSpecial: false)
    }

    /// Submits a prompt of text.
    func submit(
        _ text: String, tokens: Int = 16, adjust: (inout GenerationRequest) -> Void = { _ in }
    ) throws -> GenerationStream {
        var request = GenerationRequest(prompt: try prompt(text), maxNewTokens: tokens)
        adjust(&request)
        return try served.submit(request)
    }

    /// Closes the gate and gives the generator a request that keeps it busy.
    func occupy(_ text: String = "busy", tokens: Int = 8) async throws -> GenerationStream {
        model.close()
        let begun = model.stage.value.steps
        let stream = try submit(text, tokens: tokens)
        await model.stage.until { $0.steps > begun }
        return stream
    }
}

/// A synthetic generator that fails, runs out of memory or waits when a test says so.
final class FaultyGenerator: GenerativeModel {
    /// What the test and the session's thread share.
    struct Stage: Sendable {
        /// Whether warm-up is over: before it nothing waits and nothing fails.
        var isServing = false
        /// Whether steps run through.
        var isOpen = true
        /// Steps that began since warm-up.
        var steps = 0
        /// Tokens that each of them fed.
        var fed: [Int] = []
        /// What the next steps throw, one after the other.
        var failures: [EngineError] = []
        /// Why a session cannot be made.
        var outage: EngineError?
        /// Whether what a slot holds cannot be saved, or what was saved not restored, once serving.
        var failsToSave = false
        var failsToRestore = false
        /// Sequences saved and restored since warm-up.
        var saves = 0
        var restores = 0
        /// Why nothing can be sampled.
        var samplingFailure: EngineError?
        /// Sessions made so far, and alive.
        var sessions = 0
        var alive = 0
    }

    let stage = Scoreboard(Stage())
    private let inner: any GenerativeModel
    /// The same model without faults.
    private let flawless: any GenerativeModel
    private let onStep: @Sendable () -> Void

    /// - Parameters:
    ///   - wait: What a step does for so many nanoseconds.
    ///   - onStep: Called while a step is computed.
    init(
        parameters: [String: String] = [:], wait: @escaping SyntheticEngine.Wait = { _ in },
        onStep: @escaping @Sendable () -> Void = {}
    ) throws {
        self.onStep = onStep
        inner = try Self.open(parameters, wait)
        flawless = try Self.open(parameters.filter { $0.key == "end_every" }) { _ in }
    }

    private static func open(
        _ parameters: [String: String], _ wait: @escaping SyntheticEngine.Wait
    ) throws -> any GenerativeModel {
        let source = ModelSource(
            name: "synthetic", path: "", maxBatchSize: 0,
            parameters: parameters.merging(["task": "generate"]) { $1 })
        guard case .generator(let model) = try SyntheticEngine(wait: wait).open(source) else {
            preconditionFailure("task generate opens a generator")
        }
        return model
    }

    /// Holds steps back before they run.
    func close() { stage.update { $0.isOpen = false } }

    /// Lets steps run.
    func open() { stage.update { $0.isOpen = true } }

    /// What a request alone would get: the bytes of `count` tokens, or fewer when the model ends.
    func expected(_ prompt: [Int32], count: Int) throws -> String {
        let bytes = try expectedTokens(prompt, count: count).flatMap {
            inner.piece(of: $0, rendersSpecial: false)
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// The same as tokens.
    func expectedTokens(_ prompt: [Int32], count: Int) throws -> [Int32] {
        let session = try flawless.makeSession(
            SessionConfiguration(slots: 1, keyValueTokens: 1 << 20, maxStepTokens: 1 << 20))
        let sampler = try inner.makeSampler(.greedy)
        var tokens: [Int32] = []
        var feed = prompt
        var position: Int32 = 0
        for _ in 0..<count {
            try session.step(
                feed.enumerated().map { index, token in
                    StepToken(
                        token: token, position: position + Int32(index), slot: 0,
                        wantsOutput: index == feed.count - 1)
                })
            position += Int32(feed.count)
            let token = try session.sample(at: feed.count - 1, with: sampler, alternatives: nil)
                .token
            if inner.endsGeneration(token) { break }
            tokens.append(token)
            feed = [token]
        }
        return tokens
    }

    var info: GenerativeModelInfo { inner.info }

    func tokenize(
        _ text: String, addsSpecial: Bool, parsesSpecial: Bool
    ) throws(EngineError) -> [Int32] {
        try inner.tokenize(text, addsSpecial: addsSpecial, parsesSpecial: parsesSpecial)
    }

    func piece(of token: Int32, rendersSpecial: Bool) -> [UInt8] {
        inner.piece(of: token, rendersSpecial: rendersSpecial)
    }

    func endsGeneration(_ token: Int32) -> Bool { inner.endsGeneration(token) }

    func renderChat(_ requestJSON: String) throws(EngineError) -> ChatPrompt {
        try inner.renderChat(requestJSON)
    }

    func parseChat(
        _ output: String, of prompt: ChatPrompt, isPartial: Bool
    ) throws(EngineError) -> String {
        try inner.parseChat(output, of: prompt, isPartial: isPartial)
    }

    func grammar(jsonSchema: String) throws(EngineError) -> String {
        try inner.grammar(jsonSchema: jsonSchema)
    }

    func makeSampler(_ parameters: SamplingParameters) throws(EngineError) -> any TokenSampler {
        try inner.makeSampler(parameters)
    }

    func makeSession(
        _ configuration: SessionConfiguration
    ) throws(EngineError) -> any GenerationSession {
        if let outage = stage.value.outage { throw outage }
        return FaultySession(try inner.makeSession(configuration), stage, onStep)
    }
}

/// A session of a ``FaultyGenerator``.
private final class FaultySession: GenerationSession {
    private let inner: any GenerationSession
    private let stage: Scoreboard<FaultyGenerator.Stage>
    private let onStep: @Sendable () -> Void

    init(
        _ inner: any GenerationSession, _ stage: Scoreboard<FaultyGenerator.Stage>,
        _ onStep: @escaping @Sendable () -> Void
    ) {
        self.inner = inner
        self.stage = stage
        self.onStep = onStep
        stage.update {
            $0.sessions += 1
            $0.alive += 1
        }
    }

    deinit { stage.update { $0.alive -= 1 } }

    var interrupt: @Sendable () -> Void { inner.interrupt }

    func step(_ tokens: [StepToken]) throws(EngineError) {
        guard stage.value.isServing else { return try inner.step(tokens) }
        stage.update {
            $0.steps += 1
            $0.fed.append(tokens.count)
        }
        let failure = stage.wait(until: { $0.isOpen }) { stage in
            stage.failures.isEmpty ? nil : stage.failures.removeFirst()
        }
        if let failure { throw failure }
        onStep()
        try inner.step(tokens)
    }

    func sample(
        at index: Int, with sampler: any TokenSampler, alternatives: Int?
    ) throws(EngineError) -> SampledToken {
        if let failure = stage.update({ $0.samplingFailure.take() }) { throw failure }
        return try inner.sample(at: index, with: sampler, alternatives: alternatives)
    }

    func copy(slot: Int, to other: Int, count: Int) {
        inner.copy(slot: slot, to: other, count: count)
    }

    func truncate(slot: Int, to count: Int) { inner.truncate(slot: slot, to: count) }

    func save(slot: Int) throws(EngineError) -> [UInt8] {
        let fails = stage.update { stage in
            if stage.isServing { stage.saves += 1 }
            return stage.isServing && stage.failsToSave
        }
        if fails { throw EngineError(.outOfMemory, "no memory to save") }
        return try inner.save(slot: slot)
    }

    func restore(slot: Int, from state: [UInt8]) throws(EngineError) {
        let fails = stage.update { stage in
            if stage.isServing { stage.restores += 1 }
            return stage.isServing && stage.failsToRestore
        }
        if fails {
            inner.truncate(slot: slot, to: 0)
            throw EngineError(.failed, "cannot restore")
        }
        try inner.restore(slot: slot, from: state)
    }
}
