import EngineAPI
import EngineTesting
import ServingModel
import Testing

/// Serialised, because some rules watch the size of the process.
@Suite("The llama engine conforms to the engine interfaces", .serialized)
struct ConformanceTests {
    private static var unloadable: [ModelSource] {
        get throws {
            [
                ModelSource(name: "missing", path: "/nonexistent/model.gguf", maxBatchSize: 0),
                try Fixtures.source("corrupt"), try Fixtures.source("truncated"),
                try Fixtures.source("decoder", parameters: ["task": "dance"]),
                try Fixtures.source("decoder", parameters: ["gpu_layers": "many"]),
            ]
        }
    }

    private static var generative: GenerativeConformance {
        get throws {
            GenerativeConformance(
                engine: Fixtures.engine,
                fixture: GenerativeFixture(
                    source: try Fixtures.source("decoder"), prompt: "Once upon a time in Ulm",
                    unloadable: try unloadable, requests: 10_000))
        }
    }

    @Test("a model is described by sizes that fit each other")
    func describes() throws { try Self.generative.describes() }

    @Test("the pieces of a text's tokens make the text again")
    func tokenizes() throws { try Self.generative.tokenizes() }

    @Test("files that are no models are refused")
    func unloadable() throws { try Self.generative.refusesUnloadableModels() }

    @Test("wrong steps are refused and change nothing")
    func wrongSteps() throws { try Self.generative.refusesWrongSteps() }

    @Test("wrong sampling parameters are refused")
    func wrongSamplers() throws { try Self.generative.refusesWrongSamplers() }

    @Test("a seed repeats its draws")
    func draws() throws { try Self.generative.repeatsDraws() }

    @Test("a request has one answer, however it is fed")
    func answers() throws { try Self.generative.continuesHoweverFed() }

    @Test("a step without room commits nothing")
    func room() throws { try Self.generative.commitsNothingWithoutRoom() }

    @Test("probabilities are those of the model")
    func probabilities() throws { try Self.generative.reportsProbabilities() }

    @Test("a model that nobody holds is gone")
    func unloads() throws { try Self.generative.unloads() }

    @Test("10,000 requests leave the memory as it was")
    func memory() throws { try Self.generative.keepsMemory() }

    @Test("encoders are functions of tensors")
    func encoder() throws {
        // Attention takes another path for many tokens than for few, with keys in half precision.
        let fixture = ConformanceFixture(
            source: try Fixtures.source("encoder", maxBatchSize: 8),
            signature: ModelSignature(
                inputs: [TensorSpec(name: "text", dataType: .bytes, shape: [-1, 1])],
                outputs: [
                    TensorSpec(name: "embedding", dataType: .fp32, shape: [-1, 64]),
                    TensorSpec(name: "tokens", dataType: .int32, shape: [-1, 1]),
                ]),
            unloadable: try Self.unloadable, tolerance: 1e-3, memoryBound: 16 << 20, loadRounds: 24
        ) { rows in
            [.texts((0..<rows).map { row in String(repeating: "ab c\(row) ", count: 1 + row) })]
        }
        try EngineConformance(engine: Fixtures.engine, fixture: fixture).runAll()
    }
}
