import EngineAPI
import ServingModel
import Testing

@Suite("ONNX Runtime carries tensors")
struct TensorTests {
    @Test("Every element type arrives as it was sent", arguments: DataType.allCases)
    func identity(dataType: DataType) throws {
        let instance = try Fixtures.instance("identity_\(dataType.rawValue.lowercased())")
        let input: Tensor
        if let size = dataType.elementSize {
            let bytes = (0..<8 * size).map { dataType == .bool ? UInt8($0 % 2) : UInt8($0 + 1) }
            input = Tensors.make(dataType, [2, 4], bytes)
        } else {
            input = Tensors.strings([2, 4], (0..<8).map { Array("text \($0)".utf8) })
        }
        let outputs = try instance.run([input])
        #expect(outputs.map(\.dataType) == [dataType])
        #expect(outputs.map(\.shape) == [[2, 4]])
        #expect(outputs.map { Array($0.bytes) } == [Array(input.bytes)])
    }

    @Test("Strings may be empty, hold zero bytes and need not be text")
    func anyBytes() throws {
        let strings: [[UInt8]] = [[], [0], [1, 0, 2, 0], [0xFF, 0xFE, 0x80]]
        let outputs = try Fixtures.instance("identity_bytes").run([
            Tensors.strings([1, 4], strings)
        ])
        #expect(try Tensors.strings(of: outputs[0]) == strings)
    }

    @Test(
        "Malformed strings are invalid inputs that name the tensor",
        arguments: [
            [UInt8](repeating: 0, count: 15), [UInt8](repeating: 0, count: 17),
            [9, 0, 0, 0] + [UInt8](repeating: 0, count: 12),
            [0xFF, 0xFF, 0xFF, 0xFF] + [UInt8](repeating: 0, count: 12),
        ])
    func malformedStrings(bytes: [UInt8]) throws {
        let instance = try Fixtures.instance("identity_bytes")
        let error = #expect(throws: EngineError.self) {
            try instance.run([Tensors.make(.bytes, [1, 4], bytes)])
        }
        #expect(error?.kind == .invalidInput)
        #expect(error?.message.contains("'x'") == true)
        #expect(throws: Never.self) {
            try instance.run([Tensors.strings([1, 4], [[1], [2], [3], [4]])])
        }
    }

    @Test("Tensors without rows run", arguments: ["identity_fp32", "identity_bytes"])
    func noRows(name: String) throws {
        let dataType: DataType = name == "identity_fp32" ? .fp32 : .bytes
        let input = Tensor(dataType: dataType, shape: [0, 4], buffer: TensorBuffer(byteCount: 0))
        let outputs = try Fixtures.instance(name).run([input])
        #expect(outputs.map(\.shape) == [[0, 4]])
        #expect(outputs.map(\.bytes.count) == [0])
    }

    @Test("A perceptron runs without rows")
    func perceptronWithoutRows() throws {
        let outputs = try Fixtures.instance("mlp").run([Tensors.waves([0, 64])])
        #expect(outputs.map(\.shape) == [[0, 10]])
    }

    @Test("Scalars run, and where the file leaves a shape open the operators judge it")
    func scalar() throws {
        let instance = try Fixtures.instance("scalar", maxBatchSize: 0)
        let outputs = try instance.run([Tensors.make(.fp32, [], [Float(2.5)])])
        #expect(outputs.map(\.shape) == [[]])
        #expect(Tensors.read(outputs[0], as: Float.self) == [2.5])
        let other = try instance.run([Tensors.make(.fp32, [1, 1], [Float(2.5)])])
        #expect(other.map(\.shape) == [[1, 1]])
    }

    @Test("Inputs may lie at any address")
    func unaligned() throws {
        let values = Tensors.waves([1, 64])
        let instance = try Fixtures.instance("mlp")
        let expected = try instance.run([values]).map { Array($0.bytes) }
        for offset in [1, 2, 3, 4, 20] {
            let buffer = TensorBuffer(byteCount: 256 + offset)
            UnsafeMutableRawBufferPointer(rebasing: buffer.memory[offset...])
                .copyMemory(from: values.bytes)
            let shifted = Tensor(
                dataType: .fp32, shape: [1, 64], buffer: buffer, byteRange: offset..<256 + offset)
            #expect(try instance.run([shifted]).map { Array($0.bytes) } == expected)
        }
    }

    @Test("Outputs whose shape depends on values arrive whole")
    func shapeFromValues() throws {
        let instance = try Fixtures.instance("nonzero", maxBatchSize: 0)
        let some = try instance.run([
            Tensors.make(.fp32, [2, 4], [0, 1, 0, 2, 0, 0, 3, 0] as [Float])
        ])
        #expect(some.map(\.shape) == [[2, 3]])
        #expect(Tensors.read(some[0], as: Int64.self) == [0, 0, 1, 1, 3, 2])
        let none = try instance.run([Tensors.make(.fp32, [1, 4], [0, 0, 0, 0] as [Float])])
        #expect(none.map(\.shape) == [[2, 0]])
        #expect(Tensors.read(some[0], as: Int64.self) == [0, 0, 1, 1, 3, 2])
    }

    @Test("Several dynamic extents arrive with the extents of the call")
    func severalExtents() throws {
        let instance = try Fixtures.instance("sequence_length")
        for (rows, length) in [(1, 1), (2, 5), (3, 0), (2, 5)] {
            let values = (0..<Int64(rows * length)).map { $0 }
            let outputs = try instance.run([Tensors.make(.int64, [rows, length], values)])
            #expect(outputs.map(\.shape) == [[rows, length]])
            #expect(Tensors.read(outputs[0], as: Float.self) == values.map { Float($0) })
        }
    }

    @Test("A file that is wrong about an output's shape still runs")
    func wrongShapeInFile() throws {
        let instance = try Fixtures.instance("double_rows")
        for rows in [1, 2, 1] {
            let input = Tensors.waves([rows, 4])
            let outputs = try instance.run([input])
            #expect(outputs.map(\.shape) == [[rows * 2, 4]])
            #expect(outputs.map { Array($0.bytes) } == [Array(input.bytes) + Array(input.bytes)])
        }
    }

    @Test("An input that a model hands through is not shared with the output")
    func passthrough() throws {
        let input = Tensors.waves([2, 3])
        let before = Array(input.bytes)
        let outputs = try Fixtures.instance("passthrough", maxBatchSize: 0).run([input])
        input.mutableBytes.initializeMemory(as: UInt8.self, repeating: 0xFF)
        #expect(Array(outputs[0].bytes) == before)
    }

    @Test("Constant outputs arrive, and outlive the model")
    func constants() throws {
        let outputs = try Fixtures.instance("constant", maxBatchSize: 0).run([
            Tensors.waves([2])
        ])
        #expect(Tensors.read(outputs[0], as: Float.self) == [1, 2, 3])
        #expect(Tensors.read(outputs[1], as: Float.self) == [2, 4, 6])
    }
}
