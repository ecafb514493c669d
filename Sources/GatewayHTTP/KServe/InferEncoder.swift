internal import EngineAPI
internal import GatewayCore
internal import ServingModel
internal import ServingRuntime

/// Writes answers to infer requests: a JSON part, then the tensors that were asked for as bytes.
struct InferEncoder {
    let model: ModelHandle
    let response: InferenceResponse

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
    func json(id: String?, outputs: [RequestedOutput], into text: TextBuffer) -> Binary {
        var binary = Binary()
        text.append(model.answerPrefix)
        if let id {
            text.append(",\"id\":")
            text.appendJSON(id)
        }
        text.append(",\"outputs\":[")
        for (position, output) in outputs.enumerated() {
            if position > 0 { text.append(UInt8(ascii: ",")) }
            if output.classification > 0 {
                appendClasses(output, to: text, &binary)
            } else {
                appendTensor(output, to: text, &binary)
            }
        }
        text.append("]}")
        return binary
    }

    private func appendTensor(
        _ output: RequestedOutput, to text: TextBuffer, _ binary: inout Binary
    ) {
        let spec = model.interface.outputs[output.index]
        text.append(model.outputPrefixes[output.index])
        appendShape(of: spec, output.index, to: text)
        let bytes = response.bytes(of: output.index)
        if output.isBinary {
            text.append(",\"parameters\":{\"binary_data_size\":")
            text.appendDecimal(bytes.count)
            text.append("}}")
            binary.append(bytes)
        } else {
            text.append(",\"data\":")
            text.appendElements(bytes, spec.dataType)
            text.append(UInt8(ascii: "}"))
        }
    }

    private func appendShape(of spec: TensorInterface, _ index: Int, to text: TextBuffer) {
        if spec.engineDims == spec.dims {
            text.appendShape(response.shape(of: index))
        } else {
            text.appendShape((model.interface.isBatched ? [response.rows.count] : []) + spec.dims)
        }
    }

    /// The classification extension: the best classes of each row as `value:index:label`.
    private func appendClasses(
        _ output: RequestedOutput, to text: TextBuffer, _ binary: inout Binary
    ) {
        let spec = model.interface.outputs[output.index]
        let ranking = Classification(spec, response, output)
        text.append("{\"name\":")
        text.appendJSON(spec.name)
        text.append(",\"datatype\":\"BYTES\",\"shape\":")
        text.appendShape(ranking.shape)
        let tensor = ranking.tensor
        if output.isBinary {
            text.append(",\"parameters\":{\"binary_data_size\":")
            text.appendDecimal(tensor.byteCount)
            text.append("}}")
            binary.owned.append(tensor)
            binary.append(tensor.bytes)
        } else {
            text.append(",\"data\":")
            text.appendElements(tensor.bytes, .bytes)
            text.append(UInt8(ascii: "}"))
        }
    }
}
