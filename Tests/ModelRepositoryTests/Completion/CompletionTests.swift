import EngineAPI
import ModelRepository
import ServingModel
import Testing

/// A signature with inputs `x0`, `x1`… of FP32 and outputs `y0`, `y1`… of INT64.
private func makeSignature(_ inputs: [[Int]], _ outputs: [[Int]]) -> ModelSignature {
    ModelSignature(
        inputs: inputs.enumerated().map {
            TensorSpec(name: "x\($0)", dataType: .fp32, shape: $1)
        },
        outputs: outputs.enumerated().map {
            TensorSpec(name: "y\($0)", dataType: .int64, shape: $1)
        })
}

@Suite struct CompletionTests {
    private static func mismatch(
        _ text: String, _ signature: ModelSignature
    ) throws -> ConfigurationError? {
        let model = try ModelConfiguration(pbtxt: text, directoryName: "m")
        do {
            _ = try model.completed(with: signature)
            return nil
        } catch {
            return error
        }
    }

    @Test("Without a configuration, a variable first extent everywhere becomes the batch")
    func unconfiguredBatchable() throws {
        let model = try ModelConfiguration.complete(
            nil, name: "m", with: makeSignature([[-1, 3, -1], [-1]], [[-1, 10]]))
        #expect(model.maxBatchSize == 64)
        #expect(model.inputs.map(\.dims) == [[3, -1], []])
        #expect(model.inputs.map(\.dataType) == [.fp32, .fp32])
        #expect(model.outputs.map(\.dims) == [[10]])
        #expect(model.outputs.map(\.dataType) == [.int64])
        #expect(model.dynamicBatching?.preferredBatchSizes.isEmpty == true)
        #expect(model.instanceCount == 1)
    }

    @Test(
        "Without a configuration, a fixed first extent or a scalar means no batch",
        arguments: [
            makeSignature([[1, 3]], [[-1, 3]]), makeSignature([[-1, 3]], [[1, 3]]),
            makeSignature([[-1, 3], []], [[-1, 3]]), makeSignature([], []),
        ])
    func unconfiguredFixed(_ signature: ModelSignature) throws {
        let model = try ModelConfiguration(unconfigured: "m").completed(with: signature)
        #expect(model.maxBatchSize == 0)
        #expect(model.dynamicBatching == nil)
        #expect(model.inputs.map(\.dims) == signature.inputs.map(\.shape))
        #expect(model.outputs.map(\.dims) == signature.outputs.map(\.shape))
    }

    @Test("A batch size without tensors is kept, and the tensors follow it")
    func partial() throws {
        let signature = makeSignature([[-1, 3]], [[-1, 2]])
        let batched = try ModelConfiguration(pbtxt: "max_batch_size: 8", directoryName: "m")
            .completed(with: signature)
        #expect(batched.maxBatchSize == 8)
        #expect(batched.inputs.map(\.dims) == [[3]])
        #expect(batched.dynamicBatching == nil)
        let single = try ModelConfiguration(pbtxt: "max_batch_size: 0", directoryName: "m")
            .completed(with: signature)
        #expect(single.maxBatchSize == 0)
        #expect(single.inputs.map(\.dims) == [[-1, 3]])
    }

    @Test("Inputs without outputs, and tensors without dims, are filled from the model")
    func missingParts() throws {
        let text = "max_batch_size: 2 input { name: 'x0' data_type: TYPE_FP32 }"
        let model = try ModelConfiguration(pbtxt: text, directoryName: "m")
            .completed(with: makeSignature([[-1, 3]], [[-1, 2]]))
        #expect(model.inputs.map(\.dims) == [[3]])
        #expect(model.outputs.map(\.name) == ["y0"])
    }

    @Test("A fixed extent may be configured where the model takes any")
    func narrower() throws {
        let text = "input { name: 'x0' data_type: TYPE_FP32 dims: [1, 224] }"
        let model = try ModelConfiguration(pbtxt: text, directoryName: "m")
            .completed(with: makeSignature([[-1, -1]], [[-1, 2]]))
        #expect(model.inputs.map(\.dims) == [[1, 224]])
        #expect(model.maxBatchSize == 0)
    }

    @Test("Configured order and a subset of the outputs are kept and mapped to the engine's order")
    func order() throws {
        let text = """
            input { name: 'x1' data_type: TYPE_FP32 dims: 2 }
            input { name: 'x0' data_type: TYPE_FP32 dims: 1 }
            output { name: 'y1' data_type: TYPE_INT64 dims: 4 }
            """
        let signature = makeSignature([[1], [2]], [[3], [4]])
        let model = try ModelConfiguration(pbtxt: text, directoryName: "m")
            .completed(with: signature)
        #expect(model.inputs.map(\.name) == ["x1", "x0"])
        let order = model.engineOrder(in: signature)
        #expect(order.inputs == [1, 0])
        #expect(order.outputs == [1])
    }

    @Test("The model's extents are compared after the reshape")
    func reshape() throws {
        let model = try ModelConfiguration(
            pbtxt: Examples.imageClassifier, directoryName: "resnet"
        ).completed(with: Examples.imageSignature)
        #expect(model.outputs.first?.dims == [1000, 1, 1])
    }

    @Test("An output whose shape the engine does not know is taken as configured")
    func unknownOutputShape() throws {
        let text = """
            max_batch_size: 4
            output { name: 'y0' data_type: TYPE_INT64 dims: [ 7 ] }
            """
        let model = try ModelConfiguration(pbtxt: text, directoryName: "m")
            .completed(with: makeSignature([[-1, 3]], [[]]))
        #expect(model.outputs.map(\.dims) == [[7]])
    }

    /// Configuration, signature, field, pieces of the message.
    static let mismatchCases: [(String, ModelSignature, String, [String])] = [
        (
            "max_batch_size: 8", makeSignature([[1, 3]], [[-1, 3]]), "max_batch_size",
            ["is 8", "input[0] 'x0'", "[1, 3]", "must be variable (-1)"]
        ),
        (
            "max_batch_size: 8 input { name: 'x0' data_type: TYPE_FP32 dims: 3 }",
            makeSignature([[1, 3]], [[-1, 3]]), "max_batch_size", ["is 8", "[1, 3]"]
        ),
        (
            "max_batch_size: 8", makeSignature([[-1, 3]], [[]]), "max_batch_size",
            ["output[0] 'y0'", "[]"]
        ),
        (
            "input { name: 'z' data_type: TYPE_FP32 dims: 3 }", makeSignature([], [[3]]),
            "input[0].name", ["is 'z'", "none"]
        ),
        (
            "input { name: 'x0' data_type: TYPE_FP16 dims: 3 }", makeSignature([[3]], [[3]]),
            "input[0].data_type", ["'x0' is TYPE_FP16", "TYPE_FP32"]
        ),
        (
            "input { name: 'x0' data_type: TYPE_FP32 dims: 4 }", makeSignature([[3]], [[3]]),
            "input[0].dims", ["[4]", "[3]", "max_batch_size is 0"]
        ),
        (
            "input { name: 'x0' data_type: TYPE_FP32 dims: -1 }", makeSignature([[3]], [[3]]),
            "input[0].dims", ["[-1]", "[3]"]
        ),
        (
            "max_batch_size: 1 input { name: 'x0' data_type: TYPE_FP32 dims: [-1, 3] }",
            makeSignature([[-1, 3]], [[-1, 3]]), "input[0].dims",
            ["[-1, 3]", "[3] after the batch dimension"]
        ),
        (
            "output { name: 'y0' data_type: TYPE_INT64 dims: [3, 3] }",
            makeSignature([[3]], [[3]]), "output[0].dims", ["[3, 3]", "[3]"]
        ),
        (
            "output { name: 'y0' data_type: TYPE_STRING dims: [3] }",
            makeSignature([[3]], [[3]]), "output[0].data_type", ["TYPE_STRING", "TYPE_INT64"]
        ),
        (
            "input { name: 'x0' data_type: TYPE_FP32 dims: 3 }", makeSignature([[3], [4]], [[3]]),
            "input", ["lacks 'x1'", "TYPE_FP32, shape [4]"]
        ),
    ]

    @Test("A contradiction names the field and both sides", arguments: mismatchCases)
    func mismatches(
        _ text: String, _ signature: ModelSignature, _ field: String, _ fragments: [String]
    ) throws {
        let error = try #require(try Self.mismatch(text, signature))
        #expect(error.problems.first?.kind == .mismatch)
        #expect(error.problems.first?.field == field)
        for fragment in fragments {
            #expect("\(error)".contains(fragment), "\(error)")
        }
    }

    @Test("A preferred batch over the default batch size is refused once the model is known")
    func preferredAfterCompletion() throws {
        let text = "dynamic_batching { preferred_batch_size: 65 }"
        let error = try #require(
            try Self.mismatch(text, makeSignature([[-1, 3]], [[-1, 3]])))
        #expect(error.problems.map(\.field) == ["dynamic_batching.preferred_batch_size"])
    }

    @Test("Completing twice changes nothing")
    func idempotent() throws {
        let signature = makeSignature([[-1, 3], [-1]], [[-1, 10]])
        for text in ["", "max_batch_size: 3", "instance_group { count: 3 }"] {
            let once = try ModelConfiguration(pbtxt: text, directoryName: "m")
                .completed(with: signature)
            #expect(try once.completed(with: signature) == once)
        }
    }
}
