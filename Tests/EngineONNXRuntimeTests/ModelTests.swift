import EngineAPI
import EngineONNXRuntime
import ServingModel
import Testing

@Suite("ONNX Runtime loads models")
struct ModelTests {
    @Test(
        "What is no model that Headway serves is refused, with the reason",
        arguments: [
            ("corrupt", "corrupt.onnx"), ("truncated", "truncated.onnx"),
            ("sequence_input", "'items' is a sequence"), ("complex", "complex"),
        ])
    func refused(name: String, text: String) throws {
        let source = try Fixtures.source(name, maxBatchSize: 0)
        let error = #expect(throws: EngineError.self) { try Fixtures.engine.load(source) }
        #expect(error?.kind == .invalidModel)
        #expect(error?.message.contains(text) == true, "\(String(describing: error))")
    }

    @Test("A missing file is refused with its path")
    func missing() {
        let source = ModelSource(name: "m", path: "/nonexistent/model.onnx", maxBatchSize: 0)
        let error = #expect(throws: EngineError.self) { try Fixtures.engine.load(source) }
        #expect(error?.kind == .invalidModel)
        #expect(error?.message.contains("/nonexistent/model.onnx") == true)
    }

    @Test("A model runs operators of a library that it brings, and names one that is no library")
    func operatorLibrary() throws {
        var source = try Fixtures.source("twice")
        let unknown = #expect(throws: EngineError.self) { try Fixtures.engine.load(source) }
        #expect(unknown?.message.contains("headway.test") == true, "without its library")
        source.operatorLibraries = [try Fixtures.library("twice")]
        let rows = Tensors.waves([3, 4])
        let output = try Fixtures.engine.load(source).makeInstance().run([rows])[0]
        let expected = Tensors.read(rows, as: Float.self).map { 2 * $0 }
        #expect(Tensors.read(output, as: Float.self) == expected)

        source.operatorLibraries = [try Fixtures.path("corrupt")]
        let error = #expect(throws: EngineError.self) { try Fixtures.engine.load(source) }
        #expect(error?.kind == .invalidModel)
        #expect(error?.message.contains("corrupt.onnx") == true, "\(String(describing: error))")
    }

    @Test("A tokenizer may be part of the graph: text in, vectors and counts of words out")
    func textEncoder() throws {
        let instance = try Fixtures.instance("word_encoder")
        let texts = ["The cat sat", "a fox", "the CAT  sat", "zebra", ""]
        let outputs = try instance.run([
            Tensors.strings([texts.count, 1], texts.map { Array($0.utf8) })
        ])
        #expect(Tensors.read(outputs[1], as: Int32.self) == [3, 2, 3, 1, 0])
        let numbers = Tensors.read(outputs[0], as: Float.self)
        let vectors = texts.indices.map { Array(numbers[$0 * 24..<($0 + 1) * 24]) }
        #expect(vectors[0] == vectors[2])
        #expect(vectors[0] != vectors[1])
        #expect(vectors[4].allSatisfy { $0 == 0 }, "padding does not count")
        for (text, vector) in zip(texts, vectors) {
            let alone = try instance.run([Tensors.strings([1, 1], [Array(text.utf8)])])[0]
            for (one, other) in zip(Tensors.read(alone, as: Float.self), vector) {
                #expect(abs(one - other) < 1e-6)
            }
        }
    }

    @Test("A declared signature gives order, selection and open extents")
    func declared() throws {
        let declared = ModelSignature(
            inputs: [
                TensorSpec(name: "INPUT1", dataType: .int32, shape: [-1, 16]),
                TensorSpec(name: "INPUT0", dataType: .int32, shape: [-1, -1]),
            ],
            outputs: [TensorSpec(name: "OUTPUT1", dataType: .int32, shape: [-1, 16])])
        let model = try Fixtures.engine.load(Fixtures.source("add_sub", declared: declared))
        #expect(model.signature.inputs.map(\.name) == ["INPUT1", "INPUT0"])
        #expect(model.signature.inputs.map(\.shape) == [[-1, 16], [-1, 16]])
        let outputs = try model.makeInstance().run([
            Tensors.make(.int32, [1, 16], Array(repeating: Int32(3), count: 16)),
            Tensors.make(.int32, [1, 16], Array(repeating: Int32(10), count: 16)),
        ])
        #expect(outputs.count == 1)
        #expect(Tensors.read(outputs[0], as: Int32.self) == Array(repeating: 7, count: 16))
    }

    @Test(
        "A declaration that contradicts the file is refused by name",
        arguments: [
            TensorSpec(name: "INPUT2", dataType: .int32, shape: [-1, 16]),
            TensorSpec(name: "INPUT0", dataType: .fp32, shape: [-1, 16]),
            TensorSpec(name: "INPUT0", dataType: .int32, shape: [-1, 15]),
            TensorSpec(name: "INPUT0", dataType: .int32, shape: [-1]),
            TensorSpec(name: "INPUT1", dataType: .int32, shape: [-1, 16]),
        ])
    func contradiction(spec: TensorSpec) throws {
        let declared = ModelSignature(
            inputs: [spec, TensorSpec(name: "INPUT1", dataType: .int32, shape: [-1, 16])],
            outputs: [])
        let error = #expect(throws: EngineError.self) {
            try Fixtures.engine.load(Fixtures.source("add_sub", declared: declared))
        }
        #expect(error?.kind == .invalidModel)
        #expect(error?.message.contains("INPUT") == true)
    }

    @Test("A model of fixed shape takes no batches")
    func notBatchable() throws {
        let error = #expect(throws: EngineError.self) {
            try Fixtures.engine.load(Fixtures.source("static_shape", maxBatchSize: 4))
        }
        #expect(error?.kind == .invalidModel)
        #expect(error?.message.contains("max_batch_size") == true)
    }

    @Test("Settings of the session are taken from the parameters")
    func parameters() throws {
        let good = [
            "intra_op_thread_count": "1", "enable_mem_arena": "0", "enable_mem_pattern": "1",
            "session.set_denormal_as_zero": "1", "someone_else": "x",
        ]
        let instance = try Fixtures.instance("mlp", parameters: good, threads: 2)
        #expect(try instance.run([Tensors.waves([2, 64])]).map(\.shape) == [[2, 10]])
        for bad in [["intra_op_thread_count": "many"], ["enable_mem_arena": "yes"]] {
            let error = #expect(throws: EngineError.self) {
                try Fixtures.instance("mlp", parameters: bad)
            }
            #expect(error?.kind == .invalidModel)
        }
    }

    @Test("Two threads for an instance give the same answer as one")
    func twoThreads() throws {
        let input = Tensors.waves([8, 64])
        let one = try Fixtures.instance("mlp").run([input])
        let two = try Fixtures.instance("mlp", threads: 2).run([input])
        let pairs = zip(
            Tensors.read(one[0], as: Float.self), Tensors.read(two[0], as: Float.self))
        #expect(pairs.allSatisfy { abs($0 - $1) < 1e-5 })
    }
}
