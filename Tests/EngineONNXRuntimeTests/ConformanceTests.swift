import EngineAPI
import EngineTesting
import ServingModel
import Testing

/// Serialised, because one rule watches the size of the process.
@Suite("ONNX Runtime conforms to the engine interface", .serialized)
struct ConformanceTests {
    @Test("with a floating-point model that takes batches")
    func perceptron() throws {
        let fixture = ConformanceFixture(
            source: try Fixtures.source("mlp"),
            signature: ModelSignature(
                inputs: [TensorSpec(name: "x", dataType: .fp32, shape: [-1, 64])],
                outputs: [TensorSpec(name: "y", dataType: .fp32, shape: [-1, 10])]),
            unloadable: try Self.unloadable, tolerance: 1e-5
        ) { rows in [Tensors.waves([rows, 64])] }
        try EngineConformance(engine: Fixtures.engine, fixture: fixture).runAll()
    }

    @Test("with strings")
    func strings() throws {
        let fixture = ConformanceFixture(
            source: try Fixtures.source("identity_bytes"),
            signature: ModelSignature(
                inputs: [TensorSpec(name: "x", dataType: .bytes, shape: [-1, 4])],
                outputs: [TensorSpec(name: "y", dataType: .bytes, shape: [-1, 4])]),
            unloadable: []
        ) { rows in
            let texts = (0..<rows * 4).map { length in
                Array(repeating: UInt8(ascii: "a") + UInt8(length), count: length)
            }
            return [Tensors.strings([rows, 4], texts)]
        }
        try EngineConformance(engine: Fixtures.engine, fixture: fixture).runAll()
    }

    @Test("with two inputs and two outputs")
    func sumAndDifference() throws {
        let shape = [-1, 16]
        let fixture = ConformanceFixture(
            source: try Fixtures.source("add_sub"),
            signature: ModelSignature(
                inputs: [
                    TensorSpec(name: "INPUT0", dataType: .int32, shape: shape),
                    TensorSpec(name: "INPUT1", dataType: .int32, shape: shape),
                ],
                outputs: [
                    TensorSpec(name: "OUTPUT0", dataType: .int32, shape: shape),
                    TensorSpec(name: "OUTPUT1", dataType: .int32, shape: shape),
                ]),
            unloadable: []
        ) { rows in
            [
                Tensors.make(.int32, [rows, 16], (0..<Int32(rows * 16)).map { $0 * 3 }),
                Tensors.make(.int32, [rows, 16], (0..<Int32(rows * 16)).map { $0 - 7 }),
            ]
        }
        try EngineConformance(engine: Fixtures.engine, fixture: fixture).runAll()
    }

    @Test("with a model without a batch dimension")
    func staticShape() throws {
        let fixture = ConformanceFixture(
            source: try Fixtures.source("static_shape", maxBatchSize: 0),
            signature: ModelSignature(
                inputs: [TensorSpec(name: "x", dataType: .fp32, shape: [2, 3])],
                outputs: [TensorSpec(name: "y", dataType: .fp32, shape: [2, 3])]),
            unloadable: []
        ) { _ in [Tensors.waves([2, 3])] }
        try EngineConformance(engine: Fixtures.engine, fixture: fixture).runAll()
    }

    private static var unloadable: [ModelSource] {
        get throws {
            [
                ModelSource(name: "missing", path: "/nonexistent/model.onnx", maxBatchSize: 8),
                try Fixtures.source("corrupt"),
                try Fixtures.source("truncated"),
                try Fixtures.source("sequence_input", maxBatchSize: 0),
            ]
        }
    }
}
