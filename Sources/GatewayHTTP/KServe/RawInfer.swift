internal import EngineAPI
package import ServingModel
package import ServingRuntime

/// The raw form of a request: no JSON part, the whole body is the model's only input, one row.
package enum RawInfer {
    /// Reads a request.
    ///
    /// - Throws: ``ServingError`` when the model has several inputs or more than one open extent, or
    ///   when the size does not fit.
    package static func decode(
        _ body: InferBody, for interface: ModelInterface
    ) throws(ServingError) -> DecodedInfer {
        guard interface.inputs.count == 1, let input = interface.inputs.first else {
            throw ServingError(
                .invalidArgument,
                "the raw form needs a model with one input, '\(interface.name)' has "
                    + "\(interface.inputs.count)")
        }
        var decoded = DecodedInfer()
        decoded.outputs = interface.outputs.indices.map {
            RequestedOutput(index: $0, isBinary: true)
        }
        if input.dataType == .bytes {
            let buffer = prefixed(body)
            decoded.owners = [buffer]
            decoded.inputs = [InputBytes(buffer.bytes)]
            guard input.dims.allSatisfy({ $0 == 1 || $0 == -1 }) else {
                throw ServingError(
                    .invalidArgument,
                    "the raw form sends one string, input '\(input.name)' has shape \(input.dims)")
            }
            decoded.shapes = interface.hasOpenShapes ? [input.dims.map(abs)] : nil
            return decoded
        }
        decoded.inputs = [body.binary(at: 0, count: body.binaryCount)]
        let dims = try resolve(input, bytes: body.binaryCount)
        decoded.shapes = interface.hasOpenShapes ? [input.engineDims(for: dims)] : nil
        return decoded
    }

    /// The extents that `bytes` imply.
    private static func resolve(
        _ input: TensorInterface, bytes: Int
    ) throws(ServingError) -> [Int] {
        let open = input.dims.count { $0 < 0 }
        guard open <= 1 else {
            throw ServingError(
                .invalidArgument,
                "the raw form needs at most one open extent, input '\(input.name)' has \(input.dims)"
            )
        }
        let size = input.dataType.elementSize ?? 1
        let fixed = input.dims.filter { $0 >= 0 }.reduce(size, *)
        let fits = open == 0 ? bytes == fixed : fixed > 0 && bytes > 0 && bytes % fixed == 0
        guard fits else {
            throw ServingError(
                .invalidArgument,
                "the body has \(bytes) bytes, input '\(input.name)' of shape \(input.dims) and type "
                    + "\(input.dataType.rawValue) takes \(open == 0 ? "" : "multiples of ")\(fixed)"
            )
        }
        return input.dims.map { $0 < 0 ? bytes / fixed : $0 }
    }

    private static func prefixed(_ body: InferBody) -> TensorBuffer {
        let count = body.binaryCount
        let buffer = TensorBuffer(byteCount: count + 4)
        buffer.memory.storeBytes(of: UInt32(count).littleEndian, as: UInt32.self)
        if let base = buffer.memory.baseAddress {
            body.binary(at: 0, count: count).copy(to: base + 4)
        }
        return buffer
    }
}
