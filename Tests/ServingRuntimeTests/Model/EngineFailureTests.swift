import ControlCore
import EngineAPI
import ServingModel
import ServingRuntime
import Testing

@Suite("Failures of the engine", .timeLimit(.minutes(5)))
struct EngineFailureTests {
    @Test("Bad input of one member fails that member alone, and tells it why")
    func poison() async throws {
        let harness = try await Harness.start()
        harness.submit(together: [
            Order(tag: 1, payloads: [1, 2]), Order(tag: 2, payloads: [3, Rows.poison]),
            Order(tag: 3, payloads: [4]),
        ])
        await harness.sink.hasEnded(3)
        #expect(harness.sink.ending(of: 1)?.isRight == true)
        #expect(harness.sink.ending(of: 3)?.isRight == true)
        let error = try #require(harness.sink.ending(of: 2)?.error)
        #expect(error.code == .invalidArgument)
        #expect(error.message == "row of request 2 is poison")
        #expect(harness.sink.calls.value.count == 1)
        #expect(
            harness.model.stage.value.runs.map(\.tags) == [[1, 2, 3], [1], [2], [3]])
        await harness.served.stop()
    }

    @Test("A failing engine fails the whole batch, keeps its secrets and is tried again")
    func bomb() async throws {
        let failures = Scoreboard<[EngineError]>([])
        let harness = try await Harness.start {
            $0.onEngineFailure = { error in failures.update { $0.append(error) } }
        }
        harness.submit(together: [
            Order(tag: 1, payloads: [1]), Order(tag: 2, payloads: [Rows.bomb]),
        ])
        await harness.sink.hasEnded(2)
        for ending in harness.sink.endings {
            #expect(ending.error?.code == .engineFailed)
            #expect(ending.error?.message.contains("secret") == false)
        }
        await failures.until { $0.count == 1 }
        #expect(failures.value == [EngineError(.failed, "a secret of the engine")])
        harness.submit(Order(tag: 3, payloads: [5]))
        await harness.sink.hasEnded(3)
        #expect(harness.sink.ending(of: 3)?.isRight == true)
        await harness.served.stop()
    }

    @Test("A batch that is too large for the memory is halved once, and no later one is as large")
    func outOfMemory() async throws {
        let harness = try await Harness.start { $0.breaker = BreakerSettings() }
        harness.model.stage.update { $0.room = 4 }
        harness.submit(together: (1...3).map { Order(tag: $0, payloads: [1, 2]) })
        await harness.sink.hasEnded(3)
        #expect(harness.sink.endings.allSatisfy { $0.isRight })
        #expect(harness.model.stage.value.runs.map(\.tags) == [[1, 2, 3], [1], [2, 3]])
        #expect(harness.served.load.maxBatchRows == 4)
        harness.submit(together: (4...6).map { Order(tag: $0, payloads: [1, 2]) })
        await harness.sink.hasEnded(6)
        #expect(harness.sink.endings.allSatisfy { $0.isRight })
        #expect(harness.model.stage.value.runs.suffix(2).map(\.tags) == [[4, 5], [6]])
        // Neither half fits: it is not tried again and again.
        harness.model.stage.update { $0.room = 1 }
        harness.submit(together: (7...8).map { Order(tag: $0, payloads: [1, 2]) })
        await harness.sink.hasEnded(8)
        #expect(harness.sink.ending(of: 7)?.error?.code == .engineFailed)
        #expect(harness.served.load.maxBatchRows == 1)
        #expect(harness.served.load.instances.map(\.state) == [.closed])
        await harness.served.stop()
    }

    /// Outputs that do not fit the batch or the interface.
    enum Distortion: String, CaseIterable, Sendable {
        case oneRowShort, oneRowLong, noRows, scalar, lessBytes, moreBytes, missingOutput
        case impossibleShape, negativeShape, additionalOutput, otherType, truncatedStrings,
            trailingStrings, hugeString

        /// What the engine answers instead of two correct outputs.
        func apply(_ outputs: [Tensor]) -> [Tensor] {
            let y = outputs[0]
            let s = outputs[1]
            let rows = y.shape[0]
            func strings(_ bytes: [UInt8]) -> Tensor {
                let buffer = TensorBuffer(byteCount: bytes.count)
                bytes.withUnsafeBytes { buffer.memory.copyMemory(from: $0) }
                return Tensor(dataType: .bytes, shape: s.shape, buffer: buffer)
            }
            func numbers(_ shape: [Int], bytes: Int) -> Tensor {
                let buffer = TensorBuffer(byteCount: bytes)
                buffer.memory.initializeMemory(as: UInt8.self, repeating: 0)
                return Tensor(dataType: .int32, shape: shape, buffer: buffer)
            }
            switch self {
            case .oneRowShort: return [numbers([rows - 1, 3], bytes: (rows - 1) * 12), s]
            case .oneRowLong: return [numbers([rows + 1, 3], bytes: (rows + 1) * 12), s]
            case .noRows: return [numbers([0, 3], bytes: 0), s]
            case .scalar: return [numbers([], bytes: 4), s]
            case .lessBytes: return [numbers([rows, 3], bytes: rows * 12 - 4), s]
            case .moreBytes: return [numbers([rows, 3], bytes: rows * 12 + 4), s]
            case .impossibleShape: return [numbers([rows, .max, 4], bytes: rows * 12), s]
            case .negativeShape: return [numbers([rows, -1, -3], bytes: rows * 12), s]
            case .missingOutput: return [y]
            case .additionalOutput: return [y, s, y]
            case .otherType:
                return [
                    Tensor(
                        dataType: .int64, shape: y.shape, buffer: TensorBuffer(byteCount: rows * 24)
                    ),
                    s,
                ]
            case .truncatedStrings: return [y, strings(Array(s.bytes.dropLast()))]
            case .trailingStrings: return [y, strings(Array(s.bytes) + [0])]
            case .hugeString:
                return [y, strings([255, 255, 255, 255] + Array(s.bytes.dropFirst(4)))]
            }
        }
    }

    @Test(
        "Outputs that do not fit are the engine's failure, never garbage for a client",
        arguments: Distortion.allCases)
    func distortion(_ distortion: Distortion) async throws {
        let harness = try await Harness.start(
            model: ScriptedModel(distortion: { distortion.apply($0) }))
        harness.submit(together: [
            Order(tag: 1, payloads: [1, 2]), Order(tag: 2, payloads: [3]),
        ])
        await harness.sink.hasEnded(2)
        #expect(harness.sink.endings.map(\.error?.code) == [.engineFailed, .engineFailed])
        await harness.served.stop()
    }
}
