internal import COnnxRuntime
internal import EngineAPI
internal import ServingModel

/// An output that ONNX Runtime allocated, kept until the last tensor that looks into it is gone.
///
/// It also keeps the session: an output may lie in the session's own memory, as constants do.
final class OutputValue {
    private let value: OrtHandle
    private let session: OrtHandle
    private let library: OrtLibrary

    /// Takes over `value`.
    init(_ value: OpaquePointer, _ model: ONNXRuntimeModel) {
        library = model.library
        session = model.session
        self.value = OrtHandle(value, api: model.library.api, releasedBy: CORT_ReleaseValue)
    }

    /// The output as a tensor, without a copy where possible.
    func tensor(_ dataType: DataType, inputs: [Tensor]) throws(OrtFailure) -> Tensor {
        let api = library.api
        let info = try api.make(releasedBy: CORT_ReleaseTensorTypeAndShapeInfo) {
            cort_tensor_type_and_shape(api.table, value.pointer, $0)
        }
        let shape = try TensorFacts.shape(of: info.pointer, api)
        let count = shape.reduce(1, *)
        guard let elementSize = dataType.elementSize else {
            return try strings(shape, count)
        }
        var data: UnsafeMutableRawPointer?
        try api.check(cort_tensor_data(api.table, value.pointer, &data))
        guard let data, count > 0 else {
            return Tensor(dataType: dataType, shape: shape, buffer: TensorBuffer(byteCount: 0))
        }
        let memory = UnsafeMutableRawBufferPointer(start: data, count: count * elementSize)
        if inputs.contains(where: { Self.overlaps($0.bytes, memory) }) {
            // The model hands an input through; the caller may reuse that memory after the call.
            let copy = TensorBuffer(byteCount: memory.count)
            copy.memory.copyMemory(from: UnsafeRawBufferPointer(memory))
            return Tensor(dataType: dataType, shape: shape, buffer: copy)
        }
        return Tensor(
            dataType: dataType, shape: shape, buffer: TensorBuffer(memory: memory, owner: self))
    }

    private static func overlaps(
        _ left: UnsafeRawBufferPointer, _ right: UnsafeMutableRawBufferPointer
    ) -> Bool {
        let start = UInt(bitPattern: left.baseAddress)
        let other = UInt(bitPattern: right.baseAddress)
        return start < other + UInt(right.count) && other < start + UInt(left.count)
    }

    /// The elements of a string tensor in the layout of `BYTES` tensors.
    private func strings(_ shape: [Int], _ count: Int) throws(OrtFailure) -> Tensor {
        let table = library.api.table
        var total = 0
        try library.api.check(cort_string_byte_count(table, value.pointer, &total))
        let buffer = TensorBuffer(byteCount: total + 4 * count)
        guard count > 0, let start = buffer.memory.baseAddress else {
            return Tensor(dataType: .bytes, shape: shape, buffer: buffer)
        }
        // The content is first put at the end, then each element moves forward to behind its
        // length: what is written stays in front of what is still to be read.
        let content = start + 4 * count
        var offsets = [Int](repeating: 0, count: count)
        try library.api.check(
            cort_string_content(table, value.pointer, content, total, &offsets, count))
        for element in 0..<count {
            let end = element + 1 < count ? offsets[element + 1] : total
            let length = end - offsets[element]
            let target = start + offsets[element] + 4 * element
            target.storeBytes(of: UInt32(length).littleEndian, as: UInt32.self)
            (target + 4).copyMemory(from: content + offsets[element], byteCount: length)
        }
        return Tensor(dataType: .bytes, shape: shape, buffer: buffer)
    }
}
