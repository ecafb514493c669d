import EngineAPI
import EngineONNXRuntime
import ServingModel
import Synchronization
import Testing

@Suite("ONNX Runtime reports failures")
struct FailureTests {
    @Test("An input that an operator refuses is invalid, and the next one runs")
    func refusedByOperator() throws {
        let instance = try Fixtures.instance("gather")
        let error = #expect(throws: EngineError.self) {
            try instance.run([Tensors.make(.int64, [2], [3, 10] as [Int64])])
        }
        #expect(error?.kind == .invalidInput)
        #expect(error?.message.contains("gather") == true)
        let outputs = try instance.run([Tensors.make(.int64, [2], [3, 9] as [Int64])])
        #expect(Tensors.read(outputs[0], as: Float.self) == [6, 7, 18, 19])
    }

    @Test("Memory that runs out is told apart, and a smaller call runs")
    func outOfMemory() throws {
        let instance = try Fixtures.instance("zeros", maxBatchSize: 0)
        let error = #expect(throws: EngineError.self) {
            try instance.run([Tensors.make(.int64, [1], [Int64(1) << 46])])
        }
        #expect(error?.kind == .outOfMemory, "\(String(describing: error))")
        let outputs = try instance.run([Tensors.make(.int64, [1], [Int64(3)])])
        #expect(Tensors.read(outputs[0], as: Float.self) == [0, 0, 0])
    }

    @Test("Inputs of different numbers of rows are refused")
    func differentRows() throws {
        let error = #expect(throws: EngineError.self) {
            try Fixtures.instance("add_sub").run([
                Tensors.make(.int32, [1, 16], Array(repeating: Int32(1), count: 16)),
                Tensors.make(.int32, [2, 16], Array(repeating: Int32(1), count: 32)),
            ])
        }
        #expect(error?.kind == .invalidInput)
        #expect(error?.message.contains("INPUT1") == true)
    }

    @Test("A wrong shape is refused with the tensor's name and both shapes")
    func wrongShape() throws {
        let error = #expect(throws: EngineError.self) {
            try Fixtures.instance("mlp").run([Tensors.waves([2, 63])])
        }
        #expect(error?.kind == .invalidInput)
        for text in ["'x'", "[2, 63]", "[-1, 64]"] {
            #expect(error?.message.contains(text) == true)
        }
    }

    @Test("The library's log goes to the sink, with the name of the model")
    func log() throws {
        let instance = try Fixtures.instance("gather")
        _ = try? instance.run([Tensors.make(.int64, [1], [99] as [Int64])])
        let lines = Fixtures.log.withLock { $0 }
        #expect(lines.contains { $0.level == .error && $0.message.hasPrefix("gather") })
    }
}
