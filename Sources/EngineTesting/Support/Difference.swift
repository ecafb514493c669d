internal import EngineAPI
internal import ServingModel

/// Compares tensors.
enum Difference {
    /// Says how two tensors differ, or `nil` when they agree.
    ///
    /// - Parameter tolerance: Largest difference of floating-point values: absolute up to 1,
    ///   relative above.
    static func find(_ left: Tensor, _ right: Tensor, _ tolerance: Double) -> String? {
        if left.dataType != right.dataType {
            return "element types \(left.dataType.rawValue) and \(right.dataType.rawValue)"
        }
        if left.shape != right.shape { return "shapes \(left.shape) and \(right.shape)" }
        if left.bytes.elementsEqual(right.bytes) { return nil }
        guard tolerance > 0, let read = reader(left.dataType), let size = left.dataType.elementSize
        else {
            return "their bytes"
        }
        for element in 0..<left.elementCount {
            let one = read(left.bytes, element * size)
            let other = read(right.bytes, element * size)
            let allowed = tolerance * max(1, abs(one), abs(other))
            if !(abs(one - other) <= allowed) && !(one.isNaN && other.isNaN) && one != other {
                return "element \(element) is \(one) and \(other)"
            }
        }
        return nil
    }

    /// How to read floating-point values of a type; `nil` for types that must agree exactly.
    private static func reader(
        _ dataType: DataType
    ) -> ((UnsafeRawBufferPointer, Int) -> Double)? {
        switch dataType {
        case .fp32: { Double($0.loadUnaligned(fromByteOffset: $1, as: Float.self)) }
        case .fp64: { $0.loadUnaligned(fromByteOffset: $1, as: Double.self) }
        case .bf16:
            {
                let bits = UInt32($0.loadUnaligned(fromByteOffset: $1, as: UInt16.self)) << 16
                return Double(Float(bitPattern: bits))
            }
        case .fp16: { half($0.loadUnaligned(fromByteOffset: $1, as: UInt16.self)) }
        default: nil
        }
    }

    /// The value of a half-precision number: sign, five bits of exponent, ten of fraction.
    private static func half(_ bits: UInt16) -> Double {
        let sign: Double = bits >> 15 == 0 ? 1 : -1
        let exponent = Int(bits >> 10 & 0x1F)
        let fraction = Double(bits & 0x3FF) / 1_024
        switch exponent {
        case 0: return sign * fraction * 0x1p-14
        case 31: return fraction == 0 ? sign * .infinity : .nan
        default:
            return sign * Double(sign: .plus, exponent: exponent - 15, significand: 1 + fraction)
        }
    }
}
