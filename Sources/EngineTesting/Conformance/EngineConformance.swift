public import EngineAPI

/// The rules that every engine keeps, as functions that throw ``ConformanceFailure``.
///
/// The suite needs no test framework. Call ``runAll()``, or each function as a test of its own:
///
/// ```swift
/// @Test("Batches give the same answers as single rows")
/// func batches() throws { try conformance.batchesEqualSingles() }
/// ```
public struct EngineConformance: Sendable {
    /// The engine under test.
    public var engine: any Engine

    /// The model to test it with.
    public var fixture: ConformanceFixture

    /// Makes the suite.
    public init(engine: any Engine, fixture: ConformanceFixture) {
        self.engine = engine
        self.fixture = fixture
    }

    /// Checks every rule, one after the other.
    ///
    /// - Throws: The first ``ConformanceFailure``.
    public func runAll() throws(ConformanceFailure) {
        try loadsAndDescribes()
        try outputsFitSignature()
        try batchesEqualSingles()
        try refusesWrongInputs()
        try refusesUnloadableModels()
        try runsConcurrently()
        try outputsOutliveNextCall()
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

    func load() throws(ConformanceFailure) -> any EngineModel {
        try expect("the model loads") { () throws(EngineError) in
            try engine.load(fixture.source)
        }
    }

    func makeInstance() throws(ConformanceFailure) -> any EngineInstance {
        let model = try load()
        return try expect("an instance is made") { () throws(EngineError) in
            try model.makeInstance()
        }
    }

    func run(
        _ instance: any EngineInstance, _ inputs: [Tensor]
    ) throws(ConformanceFailure) -> [Tensor] {
        try expect("valid inputs run") { () throws(EngineError) in try instance.run(inputs) }
    }

    /// Checks that `body` fails with an error of one kind and a message.
    func expectFailure(
        _ kind: EngineError.Kind, _ what: String, _ body: () throws(EngineError) -> Void
    ) throws(ConformanceFailure) {
        do {
            try body()
        } catch {
            if error.kind == kind && !error.message.isEmpty { return }
            throw ConformanceFailure(
                "\(what) is \(kind.rawValue) with a message, not \(error)")
        }
        throw ConformanceFailure("\(what) is \(kind.rawValue), but it is accepted")
    }
}
