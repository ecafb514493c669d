import EngineAPI
import ServingModel
import ServingRuntime
import Testing

@Suite("Gathering inputs and slicing outputs", .timeLimit(.minutes(5)))
struct SlicingTests {
    @Test("Slices of a batch equal what each request computes alone", arguments: 0..<60)
    func slices(seed: Int) async throws {
        var random = SeededGenerator(seed: seed)
        let harness = try await Harness.start(maxBatchSize: 512)
        var requests: [InferenceRequest] = []
        for tag in 1...Int.random(in: 1...40, using: &random) {
            let rows = Int.random(in: 1...9, using: &random)
            let order = Order(
                tag: tag, payloads: (0..<rows).map { _ in .random(in: -90...90, using: &random) })
            requests.append(
                order.request(to: harness.sink, pieces: Int.random(in: 1...5, using: &random)))
        }
        harness.served.submit(requests)
        await harness.sink.hasEnded(requests.count)
        #expect(harness.model.stage.value.runs.count == 1)
        #expect(harness.sink.endings.allSatisfy { $0.isRight }, "seed \(seed)")
        await harness.served.stop()
    }

    @Test("A response looks into the engine's own output, without a copy")
    func noCopy() async throws {
        let harness = try await Harness.start()
        let sink = Spy()
        let orders = [Order(tag: 1, payloads: [1, 2]), Order(tag: 2, payloads: [3])]
        harness.served.submit(orders.map { $0.request(to: sink) })
        await sink.offsets.until { $0.count == 2 }
        #expect(sink.offsets.value == [0, 24])
        await harness.served.stop()
    }

    @Test("A model without batch dimension runs one request at a time and answers whole tensors")
    func unbatched() async throws {
        let harness = try await Harness.start()
        let model = UnbatchedModel()
        let served = try await ServedModel.start(
            ServingSpecification(
                interface: ModelInterface(
                    name: "unbatched", version: 1, engine: "scripted", maxBatchSize: 0,
                    inputs: [TensorInterface(name: "x", dataType: .int32, dims: [1, 2])],
                    outputs: [TensorInterface(name: "y", dataType: .int32, dims: [2])])),
            model: model, clock: harness.clock, timer: harness.timer)
        let sink = Spy()
        let orders = (1...3).map { Order(tag: $0, payloads: [Int32($0)]) }
        served.submit(orders.map { $0.request(to: sink) })
        await sink.answers.until { $0.count == 3 }
        #expect(sink.answers.value == [[1, 1], [2, 2], [3, 3]])
        #expect(sink.shapes.value == [[2], [2], [2]])
        await served.stop()
        await harness.served.stop()
    }

    /// Answers its input as a tensor of another rank.
    private final class UnbatchedModel: EngineModel, EngineInstance {
        let signature = ModelSignature(inputs: [], outputs: [])

        func makeInstance() throws(EngineError) -> any EngineInstance { self }

        func run(_ inputs: [Tensor]) throws(EngineError) -> [Tensor] {
            guard inputs[0].shape == [1, 2] else {
                throw EngineError(.invalidInput, "shape \(inputs[0].shape)")
            }
            return [
                Tensor(
                    dataType: .int32, shape: [2],
                    buffer: Rows.buffer(Rows.numbers(in: inputs[0].bytes)))
            ]
        }
    }

    /// Looks at where answers lie.
    private final class Spy: CompletionSink {
        let offsets = Scoreboard<[Int]>([])
        let answers = Scoreboard<[[Int32]]>([])
        let shapes = Scoreboard<[[Int]]>([])

        func complete(_ completions: [Completion]) {
            for completion in completions {
                guard case .success(let response) = completion.result,
                    let part = response.bytes(of: 0).baseAddress,
                    let whole = response.batch.tensors[0].bytes.baseAddress
                else { continue }
                offsets.update { $0.append(part - whole) }
                answers.update { $0.append(Rows.numbers(in: response.bytes(of: 0))) }
                shapes.update { $0.append(response.shape(of: 0)) }
            }
        }
    }

    @Test("A large aligned input of a lone request reaches the engine without a copy")
    func largeInput() async throws {
        let model = AddressModel()
        let harness = try await Harness.start()
        let served = try await ServedModel.start(
            ServingSpecification(
                interface: ModelInterface(
                    name: "large", version: 1, engine: "scripted", maxBatchSize: 4,
                    inputs: [TensorInterface(name: "x", dataType: .uint8, dims: [100_000])],
                    outputs: [TensorInterface(name: "y", dataType: .int64, dims: [1])])),
            model: model, clock: harness.clock, timer: harness.timer)
        let buffer = TensorBuffer(byteCount: 100_000)
        buffer.memory.initializeMemory(as: UInt8.self, repeating: 3)
        let sink = Spy()
        served.submit([
            InferenceRequest(
                inputs: [InputBytes(UnsafeRawBufferPointer(buffer.memory))], owners: [buffer],
                rows: 1, priorityClass: ClassIndex(0), deadline: .distantFuture, sink: sink)
        ])
        await sink.offsets.until { $0.count == 1 }
        #expect(model.addresses.value.last == buffer.memory.baseAddress.map { Int(bitPattern: $0) })
        await served.stop()
        await harness.served.stop()
    }

    /// Remembers where its input lay.
    private final class AddressModel: EngineModel, EngineInstance {
        let signature = ModelSignature(inputs: [], outputs: [])
        let addresses = Scoreboard<[Int?]>([])

        func makeInstance() throws(EngineError) -> any EngineInstance { self }

        func run(_ inputs: [Tensor]) throws(EngineError) -> [Tensor] {
            addresses.update {
                $0.append(inputs[0].bytes.baseAddress.map { Int(bitPattern: $0) })
            }
            let rows = inputs[0].shape[0]
            return [
                Tensor(
                    dataType: .int64, shape: [rows, 1],
                    buffer: Rows.buffer([Int32](repeating: 0, count: rows * 2)))
            ]
        }
    }
}
