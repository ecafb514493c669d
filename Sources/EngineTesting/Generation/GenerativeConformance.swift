public import EngineAPI

/// The rules that every engine that generates text keeps, as functions that throw
/// ``ConformanceFailure``; in the form of ``EngineConformance``.
public struct GenerativeConformance: Sendable {
    /// The engine under test.
    public var engine: any GenerativeEngine

    /// The model to test it with.
    public var fixture: GenerativeFixture

    /// Makes the suite.
    public init(engine: any GenerativeEngine, fixture: GenerativeFixture) {
        self.engine = engine
        self.fixture = fixture
    }

    /// Checks every rule, one after the other.
    ///
    /// - Throws: The first ``ConformanceFailure``.
    public func runAll() throws(ConformanceFailure) {
        try describes()
        try tokenizes()
        try refusesUnloadableModels()
        try refusesWrongSteps()
        try refusesWrongSamplers()
        try repeatsDraws()
        try continuesHoweverFed()
        try commitsNothingWithoutRoom()
        try reportsProbabilities()
        try unloads()
        try keepsMemory()
    }

    // MARK: Shared steps

    /// Does `body`; any error of the engine becomes a failure of the rule.
    func expect<Result>(
        _ what: String, _ body: () throws(EngineError) -> Result
    ) throws(ConformanceFailure) -> Result {
        do {
            return try body()
        } catch {
            throw ConformanceFailure("\(what): \(error)")
        }
    }

    /// Checks that `body` fails with an error of one kind and a message.
    func expectFailure(
        _ kind: EngineError.Kind, _ what: String, _ body: () throws(EngineError) -> Void
    ) throws(ConformanceFailure) {
        do {
            try body()
        } catch {
            if error.kind == kind && !error.message.isEmpty { return }
            throw ConformanceFailure("\(what) is \(kind.rawValue) with a message, not \(error)")
        }
        throw ConformanceFailure("\(what) is \(kind.rawValue), but it is accepted")
    }

    func open() throws(ConformanceFailure) -> any GenerativeModel {
        let opened = try expect("the model opens") { () throws(EngineError) in
            try engine.open(fixture.source)
        }
        guard case .generator(let model) = opened else {
            throw ConformanceFailure("the model opens as one that generates text")
        }
        return model
    }

    func promptTokens(_ model: any GenerativeModel) throws(ConformanceFailure) -> [Int32] {
        let tokens = try expect("the prompt is tokenized") { () throws(EngineError) in
            try model.tokenize(fixture.prompt, addsSpecial: true, parsesSpecial: false)
        }
        if tokens.count < 8 { throw ConformanceFailure("the prompt has at least eight tokens") }
        return tokens
    }

    func driver(
        _ model: any GenerativeModel, slots: Int, room: Int = 1_024
    ) throws(ConformanceFailure) -> GenerationDriver {
        try expect("a session is made") { () throws(EngineError) in
            var samplers: [any TokenSampler] = []
            for _ in 0..<slots { samplers.append(try model.makeSampler(.greedy)) }
            let session = try model.makeSession(
                SessionConfiguration(
                    slots: slots, keyValueTokens: room, maxStepTokens: 64, isExact: true))
            return GenerationDriver(session, samplers: samplers)
        }
    }
}
