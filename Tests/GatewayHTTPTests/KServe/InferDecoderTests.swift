import GatewayCore
import GatewayHTTP
import ServingModel
import ServingRuntime
import Testing

@Suite("Reading infer requests")
struct InferDecoderTests {
    @Test("A valid request says the same, however its members are ordered and its bytes are cut")
    func valid() throws {
        let decoder = PiecewiseDecoder()
        for seed in 0..<3_000 {
            var generator = SeededGenerator(seed: seed)
            let infer = InferCase(&generator)
            let request = infer.rendered(&generator)
            let found = try decoder.decode(
                request, for: infer.interface, pieces: seed % 5, &generator)
            let context = "seed \(seed): \(String(decoding: request.json, as: UTF8.self))"
            #expect(found.inputs == infer.inputs.map(\.bytes), "\(context)")
            let decoded = found.decoded
            #expect(decoded.rows == infer.rows, "\(context)")
            #expect(decoded.shapes == infer.expectedShapes, "\(context)")
            #expect(decoded.id == infer.id, "\(context)")
            #expect(decoded.wish.priority == infer.priority, "\(context)")
            #expect(decoded.wish.timeout == infer.timeout.map(Interval.microseconds), "\(context)")
            #expect(decoded.outputs.map(\.index) == infer.expectedOutputs.map(\.index))
            #expect(decoded.outputs.map(\.isBinary) == infer.expectedOutputs.map(\.isBinary))
            #expect(decoded.outputs.allSatisfy { $0.classification == 0 })
        }
    }

    @Test(
        "Every single fault is the client's, and the error names the tensor", arguments: Fault.all)
    func faults(fault: Fault) throws {
        let decoder = PiecewiseDecoder()
        var found = 0
        for seed in 0..<1_000 {
            var generator = SeededGenerator(seed: seed)
            var infer = InferCase(&generator)
            let index = generator.pick(0...infer.inputs.count - 1)
            let name = infer.inputs[index].name ?? ""
            guard let culprit = fault.spoil(&infer, index, &generator) else { continue }
            found += 1
            let request = infer.rendered(&generator, again: fault.isRepeated ? index : nil)
            let context = "seed \(seed): \(String(decoding: request.json, as: UTF8.self))"
            do {
                _ = try decoder.decode(request, for: infer.interface, pieces: 2, &generator)
                Issue.record("accepted, \(context)")
            } catch let error as ServingError {
                #expect(error.code == .invalidArgument, "\(context)")
                let isNamed =
                    switch culprit {
                    case .tensor: error.message.contains("'\(name)'")
                    case .anyTensor:
                        infer.interface.inputs.contains {
                            error.message.contains("'\($0.name)'")
                        }
                    case .unnamed: error.message.contains("'name'")
                    }
                #expect(isNamed, "\(error.message), \(context)")
            }
        }
        #expect(found >= 10, "the fault hardly ever applies")
    }

    // MARK: The rest of a request

    private static let interface = ModelInterface(
        name: "m", version: 1, engine: "none", maxBatchSize: 4,
        inputs: [TensorInterface(name: "x", dataType: .int32, dims: [2])],
        outputs: [TensorInterface(name: "y", dataType: .fp32, dims: [3])])

    private static let input = #"{"name":"x","datatype":"INT32","shape":[1,2],"data":[1,2]}"#

    private func decode(_ json: String) throws -> DecodedInfer {
        var generator = SeededGenerator(seed: 0)
        return try PiecewiseDecoder().decode(
            RenderedInfer(json: Array(json.utf8), binary: []), for: Self.interface, &generator
        ).decoded
    }

    @Test("Requested outputs are checked against the model")
    func outputs() throws {
        func decode(outputs: String) throws -> DecodedInfer {
            try self.decode(#"{"inputs":[\#(Self.input)],"outputs":\#(outputs)}"#)
        }
        let top = try decode(outputs: #"[{"parameters":{"classification":2},"name":"y"}]"#)
        #expect(top.outputs.map(\.classification) == [2])
        let bad = [
            (#"[{"name":"z"}]"#, "'z'"), (#"[{"name":"y"},{"name":"y"}]"#, "'y'"),
            ("[{}]", "'name'"),
            (#"[{"name":"y","parameters":{"classification":-1}}]"#, "'classification'"),
            (#"[{"name":"y","parameters":{"classification":1.5}}]"#, "'classification'"),
            (#"[{"name":"y","parameters":{"binary_data":1}}]"#, "true or false"),
            ("{}", "'outputs'"), ("[1]", "an output"),
        ]
        for (outputs, word) in bad {
            let message = message { _ = try decode(outputs: outputs) }
            #expect(message?.contains(word) == true, "\(outputs): \(message ?? "accepted")")
        }
    }

    @Test(
        "What is no request is refused with a reason",
        arguments: [
            ("", "object"), ("[]", "object"), ("{", "string"), ("{}", "'inputs'"),
            (#"{"inputs":{}}"#, "'inputs'"), (#"{"inputs":[]}"#, "'x' is missing"),
            (#"{"inputs":[1]}"#, "an input"), (#"{"inputs":[{}]}"#, "'name'"),
            (#"{"inputs":[\#(input)]}x"#, "end of the request"),
            (#"{"inputs":[\#(input)]}{}"#, "end of the request"),
            (#"{"inputs":[\#(input)],"id":7}"#, "string"),
            (#"{"inputs":[\#(input)],"id":"\ud800"}"#, "UTF-8"),
            (#"{"inputs":[\#(input)],"parameters":{"priority":-1}}"#, "'priority'"),
            (#"{"inputs":[\#(input)],"parameters":{"timeout":"soon"}}"#, "'timeout'"),
            (
                #"{"inputs":[\#(input)],"parameters":{"binary_data_output":2}}"#,
                "'binary_data_output'"
            ),
            (#"{"inputs":[\#(input)],"parameters":[]}"#, "'parameters'"),
        ])
    func malformed(json: String, word: String) throws {
        do {
            _ = try decode(json)
            Issue.record("accepted \(json)")
        } catch let error as ServingError {
            #expect(error.code == .invalidArgument)
            #expect(error.message.contains(word), "\(error.message)")
        }
    }

    @Test(
        "What this server does not have is called unsupported, not wrong",
        arguments: [
            #"{"inputs":[\#(input)],"parameters":{"sequence_id":7}}"#,
            #"{"inputs":[\#(input)],"parameters":{"sequence_id":"a"}}"#,
            #"{"inputs":[{"name":"x","parameters":{"shared_memory_region":"r"}}]}"#,
            #"{"inputs":[\#(input)],"outputs":[{"name":"y","parameters":{"shared_memory_region":"r"}}]}"#,
        ])
    func unsupported(json: String) throws {
        do {
            _ = try decode(json)
            Issue.record("accepted \(json)")
        } catch let error as ServingError {
            #expect(error.code == .unsupported)
        }
    }

    @Test("A sequence that is none does no harm", arguments: ["0", #""""#])
    func noSequence(value: String) throws {
        _ = try decode(#"{"inputs":[\#(Self.input)],"parameters":{"sequence_id":\#(value)}}"#)
    }

    @Test("A body whose first piece ends within the JSON part is no body")
    func shortFirstPiece() {
        let memory = GuardedMemory(capacity: 16)
        #expect(InferBody(first: memory.place([1, 2, 3]), more: [], headerLength: 4) == nil)
    }
}
