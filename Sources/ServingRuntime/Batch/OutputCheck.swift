internal import EngineAPI
internal import ServingModel

/// Looks closer at what an engine answers than is needed to hand it out: whether extents are those that
/// the model declares, and whether numbers are numbers. It reads every output once, so it is done only
/// where it is asked for.
struct OutputCheck {
    private let outputs: [TensorInterface]
    private let inputs: [TensorInterface]
    private let isBatched: Bool

    init(_ interface: ModelInterface) {
        outputs = interface.outputs
        inputs = interface.inputs
        isBatched = interface.isBatched
    }

    /// What is wrong with the extents of a batch's outputs; `nil` when nothing is.
    func problem(in tensors: [Tensor]) -> String? {
        for (tensor, wanted) in zip(tensors, outputs) {
            let extents = tensor.shape.dropFirst(isBatched ? 1 : 0)
            let fits =
                extents.count == wanted.engineDims.count
                && zip(extents, wanted.engineDims).allSatisfy { $1 < 0 || $0 == $1 }
            if !fits {
                return "the engine answered shape \(tensor.shape) for output '\(wanted.name)', "
                    + "whose rows are \(wanted.engineDims)"
            }
        }
        return nil
    }

    /// Whether all numbers of an answer are finite.
    func isSound(_ response: InferenceResponse) -> Bool {
        outputs.indices.allSatisfy {
            FiniteNumbers.areAll(in: response.bytes(of: $0), of: outputs[$0].dataType)
        }
    }

    /// Whether all numbers of a question are finite; asked only about those with a doubtful answer.
    func isSound(_ request: InferenceRequest) -> Bool {
        zip(inputs, request.inputs).allSatisfy { input, bytes in
            if let whole = bytes.contiguous {
                return FiniteNumbers.areAll(in: whole, of: input.dataType)
            }
            let copy = TensorBuffer(byteCount: bytes.count)
            if let target = copy.memory.baseAddress { bytes.copy(to: target) }
            return FiniteNumbers.areAll(in: copy.bytes, of: input.dataType)
        }
    }
}

/// Tells numbers from infinities and from what is not a number.
enum FiniteNumbers {
    /// Whether every element is finite; those of types other than floating point are.
    static func areAll(in bytes: UnsafeRawBufferPointer, of dataType: DataType) -> Bool {
        switch dataType {
        case .fp16: areAll(bytes, exponent: UInt16(0x7C00))
        case .bf16: areAll(bytes, exponent: UInt16(0x7F80))
        case .fp32: areAll(bytes, exponent: UInt32(0x7F80_0000))
        case .fp64: areAll(bytes, exponent: UInt64(0x7FF0_0000_0000_0000))
        default: true
        }
    }

    /// An element is not finite when all bits of its exponent are set. There is no way out of the loop,
    /// so that it runs on whole vectors.
    private static func areAll<Bits: FixedWidthInteger>(
        _ bytes: UnsafeRawBufferPointer, exponent: Bits
    ) -> Bool {
        let size = MemoryLayout<Bits>.size
        var found: Bits = 0
        for index in 0..<bytes.count / size {
            let bits = bytes.loadUnaligned(fromByteOffset: index * size, as: Bits.self)
            found |= bits & exponent == exponent ? 1 : 0
        }
        return found == 0
    }
}
