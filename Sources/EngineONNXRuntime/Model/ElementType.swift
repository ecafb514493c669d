internal import ServingModel

/// ONNX Runtime's numbers for element types.
enum ElementType {
    static let string: Int32 = 8

    /// The element type with this number, or `nil` for types that Headway does not serve.
    static func dataType(_ number: Int32) -> DataType? {
        switch number {
        case 1: .fp32
        case 2: .uint8
        case 3: .int8
        case 4: .uint16
        case 5: .int16
        case 6: .int32
        case 7: .int64
        case 8: .bytes
        case 9: .bool
        case 10: .fp16
        case 11: .fp64
        case 12: .uint32
        case 13: .uint64
        case 16: .bf16
        default: nil
        }
    }

    /// The number of an element type.
    static func number(_ dataType: DataType) -> Int32 {
        switch dataType {
        case .fp32: 1
        case .uint8: 2
        case .int8: 3
        case .uint16: 4
        case .int16: 5
        case .int32: 6
        case .int64: 7
        case .bytes: string
        case .bool: 9
        case .fp16: 10
        case .fp64: 11
        case .uint32: 12
        case .uint64: 13
        case .bf16: 16
        }
    }
}
