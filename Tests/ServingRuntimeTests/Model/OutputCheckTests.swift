import ControlCore
import EngineAPI
import ServingModel
import ServingRuntime
import Testing

/// A model that adds nothing to its two numbers: what comes in goes out, reshaped as the test says.
private final class EchoModel: EngineModel {
    let signature = ModelSignature(inputs: [], outputs: [])
    private let width: Int
    private let dataType: DataType
    /// Puts infinity into answers with this first number.
    private let spoils: Float?

    init(width: Int = 2, spoils: Float? = nil, _ dataType: DataType = .fp32) {
        self.width = width
        self.spoils = spoils
        self.dataType = dataType
    }

    func makeInstance() throws(EngineError) -> any EngineInstance { EchoInstance(self) }

    func answer(_ input: Tensor) -> [Tensor] {
        let buffer = TensorBuffer(byteCount: input.bytes.count)
        buffer.memory.copyMemory(from: input.bytes)
        let numbers = buffer.memory.assumingMemoryBound(to: Float.self)
        for row in 0..<input.shape[0] where spoils == .zero || numbers[row * 2] == spoils {
            numbers[row * 2 + 1] = .infinity
        }
        return [
            Tensor(
                dataType: .fp32, shape: [input.shape[0] * 2 / width, width], buffer: buffer)
        ]
    }
}

private final class EchoInstance: EngineInstance {
    private let model: EchoModel

    init(_ model: EchoModel) {
        self.model = model
    }

    func run(_ inputs: [Tensor]) throws(EngineError) -> [Tensor] { model.answer(inputs[0]) }
}

/// Keeps what requests came to, by their position.
private final class Answers: CompletionSink {
    let results = Scoreboard<[Int: Result<[Float], ServingError>]>([:])

    func complete(_ completions: [Completion]) {
        results.update { results in
            for completion in completions {
                guard let place = completion.request.context as? Place else { continue }
                results[place.index] = completion.result.map { response in
                    let bytes = response.bytes(of: 0)
                    return (0..<bytes.count / 4).map {
                        bytes.loadUnaligned(fromByteOffset: $0 * 4, as: Float.self)
                    }
                }
            }
        }
    }
}

private final class Place: Sendable {
    let index: Int

    init(_ index: Int) {
        self.index = index
    }
}

@Suite("A closer look at what engines answer", .timeLimit(.minutes(5)))
struct OutputCheckTests {
    private func answers(
        _ model: EchoModel, checks: Bool, _ rows: [[Float]],
        _ failures: Scoreboard<[EngineError]> = Scoreboard([])
    ) async throws -> [Int: Result<[Float], ServingError>] {
        var specification = ServingSpecification(
            interface: ModelInterface(
                name: "echo", version: 1, engine: "echo", maxBatchSize: 8,
                inputs: [TensorInterface(name: "x", dataType: .fp32, dims: [2])],
                outputs: [TensorInterface(name: "y", dataType: .fp32, dims: [2])]))
        specification.checksOutputs = checks
        specification.breaker = nil
        specification.onEngineFailure = { error in failures.update { $0.append(error) } }
        let served = try await ServedModel.start(
            specification, model: model, clock: VirtualClock(), timer: ManualTimer())
        let sink = Answers()
        served.submit(
            rows.enumerated().map { index, row in
                let buffer = TensorBuffer(byteCount: 8)
                row.withUnsafeBytes { buffer.memory.copyMemory(from: $0) }
                let bytes = buffer.bytes
                // Cut where no number ends, as networks do.
                let pieces = [
                    UnsafeRawBufferPointer(rebasing: bytes[0..<3]),
                    UnsafeRawBufferPointer(rebasing: bytes[3..<8]),
                ]
                return InferenceRequest(
                    inputs: [InputBytes(pieces: pieces)], owners: [buffer], rows: 1,
                    priorityClass: ClassIndex(0), deadline: .distantFuture, sink: sink,
                    context: Place(index))
            })
        await sink.results.until { $0.count == rows.count }
        await served.stop()
        return sink.results.value
    }

    @Test("Only whose numbers are no numbers gets an error, and a client that began it is told so")
    func own() async throws {
        let failures = Scoreboard<[EngineError]>([])
        let results = try await answers(
            EchoModel(spoils: 7), checks: true, [[1, 2], [7, 1], [3, .nan], [4, 5]], failures)
        #expect(try results[0]?.get() == [1, 2])
        #expect(try results[3]?.get() == [4, 5])
        #expect(throws: ServingError.self) { try results[1]?.get() }
        guard case .failure(let engine) = results[1], case .failure(let client) = results[2] else {
            Issue.record("both have no answer")
            return
        }
        #expect(engine.code == .engineFailed && client.code == .invalidArgument)
        #expect(failures.value.isEmpty, "one of four is not the engine")
    }

    @Test("An engine most of whose answers are no numbers has failed")
    func most() async throws {
        let failures = Scoreboard<[EngineError]>([])
        let results = try await answers(
            EchoModel(spoils: .zero), checks: true, [[1, 2], [3, 4]], failures)
        #expect(results.values.allSatisfy { (try? $0.get()) == nil })
        #expect(failures.value.count == 1 && failures.value[0].kind == .failed)
        // Whoever sends what is not finite does not get the engine into trouble.
        let own = try await answers(EchoModel(), checks: true, [[.nan, 2]], failures)
        #expect((try? own[0]?.get()) == nil && failures.value.count == 1)
    }

    @Test("Other extents than the declared ones are a failure only where that is asked for")
    func extents() async throws {
        let strict = try await answers(EchoModel(width: 1), checks: true, [[1, 2]])
        #expect((try? strict[0]?.get()) == nil)
        let lenient = try await answers(EchoModel(spoils: .zero), checks: false, [[1, 2]])
        #expect(try lenient[0]?.get() == [1, .infinity])
    }
}
