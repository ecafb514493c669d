import ControlCore
import EngineAPI
import ServingModel
import ServingRuntime
import Testing

@Suite("Warming up", .timeLimit(.minutes(5)))
struct WarmUpTests {
    /// A model whose runs take a known time of a virtual clock.
    private final class TimedModel: EngineModel, EngineInstance {
        let signature = ModelSignature(inputs: [], outputs: [])
        let rows = Scoreboard<[Int]>([])
        private let clock: VirtualClock
        private let duration: @Sendable (Int) -> Interval

        init(_ clock: VirtualClock, duration: @escaping @Sendable (Int) -> Interval) {
            self.clock = clock
            self.duration = duration
        }

        func makeInstance() throws(EngineError) -> any EngineInstance { self }

        func run(_ inputs: [Tensor]) throws(EngineError) -> [Tensor] {
            guard inputs[0].bytes.allSatisfy({ $0 == 0 }) else {
                throw EngineError(.invalidInput, "not zeros")
            }
            let rows = inputs[0].shape[0]
            self.rows.update { $0.append(rows) }
            clock.advance(by: duration(rows))
            return []
        }
    }

    private func start(
        _ model: TimedModel, _ clock: VirtualClock, maxBatchSize: Int
    ) async throws -> ServedModel {
        let interface = ModelInterface(
            name: "timed", version: 1, engine: "scripted", maxBatchSize: maxBatchSize,
            inputs: [
                TensorInterface(name: "x", dataType: .fp32, dims: [-1, 4]),
                TensorInterface(name: "t", dataType: .bytes, dims: [1]),
            ], outputs: [])
        return try await ServedModel.start(
            ServingSpecification(interface: interface, instances: 2), model: model, clock: clock,
            timer: ManualTimer())
    }

    @Test("Warm-up runs teach the scheduler what a batch costs", arguments: [1, 4, 100, 600])
    func learning(maxBatchSize: Int) async throws {
        let clock = VirtualClock()
        let model = TimedModel(clock) { .microseconds(2_000 + UInt64($0) * 50) }
        let served = try await start(model, clock, maxBatchSize: maxBatchSize)
        let load = served.load
        let single = load.predictedSingle.milliseconds
        let full = load.predictedFull.milliseconds
        // The promise is the mean and its margin, which lies between 1 and 1.5.
        #expect((2.05...3.1).contains(single))
        let mean = 2 + 0.05 * Double(maxBatchSize)
        #expect((mean...(mean * 1.5)).contains(full))
        #expect(Set(model.rows.value).max() == maxBatchSize)
        await served.stop()
    }

    @Test("A slow model is ready after a few runs")
    func slow() async throws {
        let clock = VirtualClock()
        let model = TimedModel(clock) { _ in .seconds(5) }
        let served = try await start(model, clock, maxBatchSize: 64)
        #expect(model.rows.value.count <= 4)
        #expect(served.load.predictedSingle >= .seconds(2))
        await served.stop()
    }
}
