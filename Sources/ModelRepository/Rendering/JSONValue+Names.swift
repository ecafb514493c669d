internal import ServingModel

// The names that the schema gives to the values of its enumerations. Values that the schema does not
// know, which validation refuses, are written as their numbers.
extension JSONValue {
    static func name(of type: Inference_DataType) -> JSONValue {
        if case .UNRECOGNIZED(let number) = type { return .integer(Int64(number)) }
        return .string(DataType(type)?.configurationName ?? "TYPE_INVALID")
    }

    static func name(of format: Inference_ModelInput.Format) -> JSONValue {
        switch format {
        case .none: .string("FORMAT_NONE")
        case .nhwc: .string("FORMAT_NHWC")
        case .nchw: .string("FORMAT_NCHW")
        case .UNRECOGNIZED(let number): .integer(Int64(number))
        }
    }

    static func name(of kind: Inference_ModelInstanceGroup.Kind) -> JSONValue {
        switch kind {
        case .auto: .string("KIND_AUTO")
        case .gpu: .string("KIND_GPU")
        case .cpu: .string("KIND_CPU")
        case .model: .string("KIND_MODEL")
        case .UNRECOGNIZED(let number): .integer(Int64(number))
        }
    }

    static func name(of action: Inference_ModelQueuePolicy.TimeoutAction) -> JSONValue {
        switch action {
        case .reject: .string("REJECT")
        case .delay: .string("DELAY")
        case .UNRECOGNIZED(let number): .integer(Int64(number))
        }
    }
}
