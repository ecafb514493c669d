internal import ServingModel

extension DataType {
    /// The element type that a configuration names; `nil` for none and for unknown numbers.
    init?(_ type: Inference_DataType) {
        switch type {
        case .typeBool: self = .bool
        case .typeUint8: self = .uint8
        case .typeUint16: self = .uint16
        case .typeUint32: self = .uint32
        case .typeUint64: self = .uint64
        case .typeInt8: self = .int8
        case .typeInt16: self = .int16
        case .typeInt32: self = .int32
        case .typeInt64: self = .int64
        case .typeFp16: self = .fp16
        case .typeBf16: self = .bf16
        case .typeFp32: self = .fp32
        case .typeFp64: self = .fp64
        case .typeString: self = .bytes
        case .typeInvalid, .UNRECOGNIZED: return nil
        }
    }

    /// The element type in the words of configurations.
    var protobuf: Inference_DataType {
        switch self {
        case .bool: .typeBool
        case .uint8: .typeUint8
        case .uint16: .typeUint16
        case .uint32: .typeUint32
        case .uint64: .typeUint64
        case .int8: .typeInt8
        case .int16: .typeInt16
        case .int32: .typeInt32
        case .int64: .typeInt64
        case .fp16: .typeFp16
        case .bf16: .typeBf16
        case .fp32: .typeFp32
        case .fp64: .typeFp64
        case .bytes: .typeString
        }
    }

    /// The name in configurations, such as `TYPE_FP32`.
    var configurationName: String {
        self == .bytes ? "TYPE_STRING" : "TYPE_\(rawValue)"
    }

    /// Every name that configurations may use, for messages.
    static var configurationNames: String {
        allCases.map(\.configurationName).joined(separator: ", ")
    }
}
