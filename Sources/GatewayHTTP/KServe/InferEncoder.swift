internal import EngineAPI
internal import GatewayCore
internal import NIOCore
internal import ServingModel
internal import ServingRuntime

/// Writes answers to infer requests: a JSON part, then the tensors that were asked for as bytes.
struct InferEncoder {
    private let handle: ModelHandle
    private let response: InferenceResponse

    init(_ handle: ModelHandle, _ response: InferenceResponse) {
        self.handle = handle
        self.response = response
    }

    /// What ``json(id:outputs:into:)`` leaves to be appended.
    struct Binary {
        /// The binary tensors, in order; valid as long as the response lives.
        var tensors: [UnsafeRawBufferPointer] = []
        /// Owns tensors that were made for this answer.
        var owned: [TensorBuffer] = []
        /// Bytes of all of them.
        var count = 0

        fileprivate mutating func append(_ bytes: UnsafeRawBufferPointer) {
            tensors.append(bytes)
            count += bytes.count
        }
    }

    /// Writes the JSON part and answers the binary tensors that follow it.
    func json(
        id: String?, outputs: [RequestedOutput], into buffer: inout ByteBuffer
    ) -> Binary {
        var binary = Binary()
        buffer.writeBytes(handle.answerPrefix)
        if let id {
            buffer.writeStaticString(",\"id\":")
            buffer.writeJSONString(id)
        }
        buffer.writeStaticString(",\"outputs\":[")
        for (position, output) in outputs.enumerated() {
            if position > 0 { buffer.writeInteger(UInt8(ascii: ",")) }
            if output.classification > 0 {
                writeClasses(output, into: &buffer, &binary)
            } else {
                writeTensor(output, into: &buffer, &binary)
            }
        }
        buffer.writeStaticString("]}")
        return binary
    }

    private func writeTensor(
        _ output: RequestedOutput, into buffer: inout ByteBuffer, _ binary: inout Binary
    ) {
        let spec = handle.interface.outputs[output.index]
        buffer.writeBytes(handle.outputPrefixes[output.index])
        writeShape(of: spec, output.index, into: &buffer)
        let bytes = response.bytes(of: output.index)
        if output.isBinary {
            buffer.writeStaticString(",\"parameters\":{\"binary_data_size\":")
            buffer.writeDecimal(bytes.count)
            buffer.writeStaticString("}}")
            binary.append(bytes)
        } else {
            buffer.writeStaticString(",\"data\":")
            buffer.writeElements(bytes, spec.dataType)
            buffer.writeInteger(UInt8(ascii: "}"))
        }
    }

    private func writeShape(
        of spec: TensorInterface, _ index: Int, into buffer: inout ByteBuffer
    ) {
        if spec.engineDims == spec.dims {
            buffer.writeShape(response.shape(of: index))
        } else {
            let batch = handle.interface.isBatched ? [response.rows.count] : []
            buffer.writeShape(batch + spec.dims)
        }
    }

    /// The classification extension: the best classes of each row as `value:index:label`.
    private func writeClasses(
        _ output: RequestedOutput, into buffer: inout ByteBuffer, _ binary: inout Binary
    ) {
        let spec = handle.interface.outputs[output.index]
        let ranking = Classification(spec, response, output)
        buffer.writeStaticString("{\"name\":")
        buffer.writeJSONString(spec.name)
        buffer.writeStaticString(",\"datatype\":\"BYTES\",\"shape\":")
        buffer.writeShape(ranking.shape)
        let tensor = ranking.tensor
        if output.isBinary {
            buffer.writeStaticString(",\"parameters\":{\"binary_data_size\":")
            buffer.writeDecimal(tensor.byteCount)
            buffer.writeStaticString("}}")
            binary.owned.append(tensor)
            binary.append(tensor.bytes)
        } else {
            buffer.writeStaticString(",\"data\":")
            buffer.writeElements(tensor.bytes, .bytes)
            buffer.writeInteger(UInt8(ascii: "}"))
        }
    }
}

/// The best classes of each row of an output.
struct Classification {
    /// Shape of ``tensor``: rows, if the model has them, by classes.
    let shape: [Int]

    /// Strings of the form `value:index` or `value:index:label`.
    let tensor: TensorBuffer

    init(_ spec: TensorInterface, _ response: InferenceResponse, _ output: RequestedOutput) {
        let bytes = response.bytes(of: output.index)
        let rows = response.batch.isBatched ? response.rows.count : 1
        let values = Self.values(bytes, spec.dataType)
        let perRow = rows > 0 ? values.count / rows : 0
        let wanted = min(output.classification, perRow)
        var encoded: [UInt8] = []
        for row in 0..<rows {
            let part = values[row * perRow..<(row + 1) * perRow]
            let best = part.indices.sorted {
                part[$0] > part[$1] || (part[$0] == part[$1] && $0 < $1)
            }
            for index in best.prefix(wanted) {
                let position = index - row * perRow
                var text =
                    "\(spec.dataType == .fp32 ? "\(Float(values[index]))" : "\(values[index])")"
                text += ":\(position)"
                if position < spec.labels.count { text += ":\(spec.labels[position])" }
                withUnsafeBytes(of: UInt32(text.utf8.count).littleEndian) {
                    encoded.append(contentsOf: $0)
                }
                encoded.append(contentsOf: text.utf8)
            }
        }
        shape = response.batch.isBatched ? [rows, wanted] : [wanted]
        tensor = TensorBuffer(byteCount: encoded.count)
        tensor.memory.copyBytes(from: encoded)
    }

    /// Whether an output of this type can be ranked.
    static func supports(_ dataType: DataType) -> Bool {
        switch dataType {
        case .bytes, .bool: false
        default: true
        }
    }

    private static func values(_ bytes: UnsafeRawBufferPointer, _ type: DataType) -> [Double] {
        func each<Element: BitwiseCopyable>(
            _ element: Element.Type, _ convert: (Element) -> Double
        ) -> [Double] {
            (0..<bytes.count / MemoryLayout<Element>.size).map {
                convert(
                    bytes.loadUnaligned(
                        fromByteOffset: $0 * MemoryLayout<Element>.size, as: Element.self))
            }
        }
        switch type {
        case .uint8: return each(UInt8.self) { Double($0) }
        case .uint16: return each(UInt16.self) { Double($0) }
        case .uint32: return each(UInt32.self) { Double($0) }
        case .uint64: return each(UInt64.self) { Double($0) }
        case .int8: return each(Int8.self) { Double($0) }
        case .int16: return each(Int16.self) { Double($0) }
        case .int32: return each(Int32.self) { Double($0) }
        case .int64: return each(Int64.self) { Double($0) }
        case .fp32: return each(Float.self) { Double($0) }
        case .fp64: return each(Double.self) { $0 }
        case .fp16: return each(UInt16.self) { Double(HalfPrecision.fp16($0)) }
        case .bf16: return each(UInt16.self) { Double(HalfPrecision.bf16($0)) }
        case .bytes, .bool: return []
        }
    }
}
