internal import EngineAPI
internal import ServingModel

/// Outputs as an engine must not answer them.
extension SyntheticInstance {
    /// What becomes of sound outputs.
    static func spoilt(_ outputs: [Tensor], _ garbage: SyntheticFault.Garbage?) -> [Tensor] {
        switch garbage {
        case .fewerRows, nil: outputs.map { reshaped($0, rowsMore: -1) }
        case .moreRows: outputs.map(lengthened)
        case .bytes: outputs.map { grown($0, by: 1) }
        case .type: outputs.map(retyped)
        case .missing: Array(outputs.dropLast())
        case .shape:
            outputs.map {
                Tensor(
                    dataType: $0.dataType, shape: $0.shape.prefix(1) + [.max, 4], buffer: $0.buffer)
            }
        case .nan: outputs.map(filledWithNaN)
        }
    }

    /// The same bytes in a shape of other rows.
    private static func reshaped(_ tensor: Tensor, rowsMore rows: Int) -> Tensor {
        var shape = tensor.shape
        if let first = shape.first { shape[0] = max(first + rows, 0) }
        return Tensor(dataType: tensor.dataType, shape: shape, buffer: tensor.buffer)
    }

    /// One row more, with bytes for it.
    private static func lengthened(_ tensor: Tensor) -> Tensor {
        let rows = max(tensor.shape.first ?? 1, 1)
        return reshaped(grown(tensor, by: tensor.bytes.count / rows), rowsMore: 1)
    }

    /// The same shape with more bytes.
    private static func grown(_ tensor: Tensor, by count: Int) -> Tensor {
        let buffer = TensorBuffer(byteCount: tensor.bytes.count + count)
        buffer.memory.initializeMemory(as: UInt8.self, repeating: 0)
        buffer.memory.copyMemory(from: tensor.bytes)
        return Tensor(dataType: tensor.dataType, shape: tensor.shape, buffer: buffer)
    }

    /// The same bytes as another type.
    private static func retyped(_ tensor: Tensor) -> Tensor {
        let other: DataType = tensor.dataType == .uint8 ? .int8 : .uint8
        return Tensor(dataType: other, shape: tensor.shape, buffer: tensor.buffer)
    }

    /// All bits set: no floating point type takes that for a number.
    private static func filledWithNaN(_ tensor: Tensor) -> Tensor {
        guard [.fp16, .bf16, .fp32, .fp64].contains(tensor.dataType) else { return tensor }
        let buffer = TensorBuffer(byteCount: tensor.bytes.count)
        buffer.memory.initializeMemory(as: UInt8.self, repeating: 0xFF)
        return Tensor(dataType: tensor.dataType, shape: tensor.shape, buffer: buffer)
    }
}
