import GatewayHTTP
import ServingModel
import ServingRuntime

/// A model and a request that fits it, in parts that a test can spoil one by one.
struct InferCase {
    /// One input of the request.
    struct Input {
        /// What the model takes.
        var spec: TensorInterface
        /// The bytes that the decoder must find.
        var bytes: [UInt8]

        // The members of the input object; `nil` leaves one out.
        var name: String?
        var dataType: String?
        var shape: [Int]?
        /// Elements of `data`, as JSON.
        var data: [String]?
        /// Bytes after the JSON part.
        var binary: [UInt8]?
        /// `binary_data_size`, when it is not the number of those bytes.
        var announced: Int?
    }

    var interface: ModelInterface
    var rows: Int
    var inputs: [Input]
    var id: String?
    var priority: UInt64?
    var timeout: UInt64?
    var outputsAreBinary: Bool?
    var wantsOutputs: [(index: Int, isBinary: Bool?)]

    /// A random model and a random request for it.
    init(_ generator: inout SeededGenerator) {
        let isBatched = generator.chance(percent: 60)
        let maxBatchSize = isBatched ? generator.pick(1...8) : 0
        rows = isBatched ? generator.pick(1...maxBatchSize) : 1
        let names = ["x", "input_ids", "a \"quoted\" name", "größe", "😀", "y"]
        let count = generator.pick(1...4)
        let start = generator.pick(0...5)
        let specs = (0..<count).map { number in
            TensorInterface(
                name: names[(start + number) % names.count],
                dataType: generator.pick(of: DataType.allCases),
                dims: (0..<generator.pick(0...3)).map { _ in
                    generator.chance(percent: 25) ? -1 : generator.pick(1...3)
                })
        }
        let rows = rows
        inputs = specs.map { Input($0, rows: isBatched ? rows : nil, &generator) }
        interface = ModelInterface(
            name: "random", version: 1, engine: "none", maxBatchSize: maxBatchSize, inputs: specs,
            outputs: [
                TensorInterface(name: "p", dataType: .fp32, dims: [10]),
                TensorInterface(name: "q", dataType: .int64, dims: []),
            ])
        id = generator.chance(percent: 50) ? "request \(generator.pick(0...9)) \"\\é" : nil
        priority = generator.chance(percent: 30) ? UInt64(generator.pick(0...5)) : nil
        timeout = generator.chance(percent: 30) ? UInt64(generator.pick(0...1 << 40)) : nil
        outputsAreBinary = generator.chance(percent: 30) ? generator.chance(percent: 50) : nil
        wantsOutputs = []
        for index in [0, 1].shuffled(using: &generator) where generator.chance(percent: 40) {
            let isBinary =
                generator.chance(percent: 50) ? generator.chance(percent: 50) : nil
            wantsOutputs.append((index, isBinary))
        }
    }

    /// The outputs that the decoder must find.
    var expectedOutputs: [(index: Int, isBinary: Bool)] {
        let standard = outputsAreBinary ?? false
        guard !wantsOutputs.isEmpty else { return [(0, standard), (1, standard)] }
        return wantsOutputs.map { ($0.index, $0.isBinary ?? standard) }
    }

    /// The extents that the decoder must find.
    var expectedShapes: [[Int]]? {
        guard interface.hasOpenShapes else { return nil }
        return inputs.map { Array(($0.shape ?? []).dropFirst(interface.isBatched ? 1 : 0)) }
    }
}

extension InferCase.Input {
    /// Random elements for `spec`.
    init(_ spec: TensorInterface, rows: Int?, _ generator: inout SeededGenerator) {
        self.spec = spec
        name = spec.name
        dataType = spec.dataType.rawValue
        let extents = spec.dims.map { $0 < 0 ? generator.pick(0...3) : $0 }
        let shape = (rows.map { [$0] } ?? []) + extents
        self.shape = shape
        bytes = []
        var texts: [String] = []
        for _ in 0..<shape.reduce(1, *) {
            let (text, element) = Self.element(spec.dataType, &generator)
            texts.append(text)
            bytes += element
        }
        let isHalf = spec.dataType == .fp16 || spec.dataType == .bf16
        if isHalf || generator.chance(percent: 40) {
            binary = bytes
        } else {
            data = texts
        }
    }

    /// One element, as JSON and as bytes.
    private static func element(
        _ type: DataType, _ generator: inout SeededGenerator
    ) -> (String, [UInt8]) {
        func whole<Integer: FixedWidthInteger>(_ type: Integer.Type) -> (String, [UInt8]) {
            let value = Integer(truncatingIfNeeded: generator.next())
            return ("\(value)", withUnsafeBytes(of: value.littleEndian) { Array($0) })
        }
        switch type {
        case .bool:
            let value = generator.chance(percent: 50)
            return (generator.pick(of: value ? ["true", "1"] : ["false", "0"]), [value ? 1 : 0])
        case .uint8: return whole(UInt8.self)
        case .uint16, .fp16, .bf16: return whole(UInt16.self)
        case .uint32: return whole(UInt32.self)
        case .uint64: return whole(UInt64.self)
        case .int8: return whole(Int8.self)
        case .int16: return whole(Int16.self)
        case .int32: return whole(Int32.self)
        case .int64: return whole(Int64.self)
        case .fp32:
            let value = Float(generator.pick(-9_999...9_999)) / 64
            return ("\(value)", withUnsafeBytes(of: value) { Array($0) })
        case .fp64:
            let value = Double(generator.pick(-9_999...9_999)) / 7
            return ("\(value)", withUnsafeBytes(of: value) { Array($0) })
        case .bytes:
            let (text, content) = generator.pick(of: [
                (#""""#, ""), (#""abc""#, "abc"), (#""\u00e9\n""#, "é\n"), (#""],}\"""#, "],}\""),
            ])
            let length = UInt32(content.utf8.count).littleEndian
            return (text, withUnsafeBytes(of: length) { Array($0) } + Array(content.utf8))
        }
    }
}
