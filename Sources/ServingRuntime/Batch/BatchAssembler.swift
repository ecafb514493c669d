internal import EngineAPI
internal import ServingModel

/// Gathers the inputs of a batch's members into contiguous tensors.
///
/// Belongs to one instance thread and reuses its buffers from batch to batch: an engine has read its
/// inputs when it returns.
struct BatchAssembler {
    private let interface: ModelInterface
    private var buffers: [TensorBuffer]

    init(_ interface: ModelInterface) {
        self.interface = interface
        buffers = interface.inputs.map { _ in TensorBuffer(byteCount: 0) }
    }

    /// One tensor for each input of the model. Valid until the next call.
    mutating func gather(_ requests: [InferenceRequest], rows: Int) -> [Tensor] {
        interface.inputs.indices.map { index in
            gather(index, requests, rows: rows)
        }
    }

    private mutating func gather(_ index: Int, _ requests: [InferenceRequest], rows: Int) -> Tensor
    {
        let input = interface.inputs[index]
        let total = requests.reduce(0) { $0 + $1.inputs[index].count }
        let dims = requests.first?.shapes?[index] ?? input.engineDims
        let shape = interface.isBatched ? [rows] + dims : dims
        if let whole = large(index, requests) {
            return Tensor(dataType: input.dataType, shape: shape, buffer: whole)
        }
        if buffers[index].byteCount < total {
            // Half as much again, so that growing batches do not reallocate each time.
            buffers[index] = TensorBuffer(byteCount: total + total / 2)
        }
        if var target = buffers[index].memory.baseAddress {
            for request in requests {
                request.inputs[index].copy(to: target)
                target += request.inputs[index].count
            }
        }
        return Tensor(
            dataType: input.dataType, shape: shape, buffer: buffers[index], byteRange: 0..<total)
    }

    /// A lone request's large, aligned input needs no copy at all.
    private func large(_ index: Int, _ requests: [InferenceRequest]) -> TensorBuffer? {
        guard requests.count == 1, let bytes = requests[0].inputs[index].contiguous,
            bytes.count >= 65_536, let base = bytes.baseAddress,
            Int(bitPattern: base) % TensorBuffer.alignment == 0
        else { return nil }
        return TensorBuffer(
            memory: UnsafeMutableRawBufferPointer(mutating: bytes), owner: requests[0])
    }
}
