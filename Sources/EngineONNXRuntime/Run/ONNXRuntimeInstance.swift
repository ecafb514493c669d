internal import COnnxRuntime
internal import EngineAPI
internal import ServingModel
internal import Synchronization

/// Runs one session on one thread, with everything that a call needs made beforehand.
///
/// A call copies no tensor but strings: inputs are wrapped where they lie, outputs are written into
/// buffers handed in where their shape is known beforehand, and else stay where ONNX Runtime put
/// them.
final class ONNXRuntimeInstance: EngineInstance {
    private let model: ONNXRuntimeModel
    private let api: OrtAPI
    private let runOptions: OrtHandle
    private let inputCount: Int
    private let outputCount: Int

    /// Tensors of the call in progress: first the inputs, then the outputs.
    private let values: UnsafeMutablePointer<OpaquePointer?>

    /// Memory handed in for outputs of the call in progress.
    private var bound: [TensorBuffer?]

    /// Shapes of the outputs handed in last.
    private var shapes: [[Int]]

    init(_ model: ONNXRuntimeModel) throws(OrtFailure) {
        let api = model.library.api
        runOptions = try api.make(releasedBy: CORT_ReleaseRunOptions) {
            cort_create_run_options(api.table, $0)
        }
        self.model = model
        self.api = api
        inputCount = model.signature.inputs.count
        outputCount = model.signature.outputs.count
        values = .allocate(capacity: inputCount + outputCount + 1)
        values.initialize(repeating: nil, count: inputCount + outputCount + 1)
        bound = Array(repeating: nil, count: outputCount)
        shapes = model.signature.outputs.map { Array(repeating: -1, count: $0.shape.count) }
    }

    deinit {
        values.deallocate()
    }

    func run(_ inputs: [Tensor]) throws(EngineError) -> [Tensor] {
        try check(inputs)
        defer { releaseValues(from: 0) }
        // Holds copies of inputs that cannot be used where they lie, until the call is over.
        var copies: [TensorBuffer] = []
        for index in 0..<inputCount {
            try makeInput(inputs[index], index, &copies)
        }
        try execute(inputs)
        return try withExtendedLifetime(copies) { () throws(EngineError) in
            try collect(inputs)
        }
    }

    /// Runs the session with the inputs made, with memory for the outputs handed in where possible.
    private func execute(_ inputs: [Tensor]) throws(EngineError) {
        let isBinding = model.bindsOutputs.load(ordering: .relaxed)
        do throws(OrtFailure) {
            let hasBound = isBinding ? try bindOutputs(inputs) : false
            let status = invoke()
            guard let status else { return }
            let failure = api.failure(takingOver: status)
            if !hasBound || failure.code != OrtFailure.Code.invalidArgument { throw failure }
            // Either an input is wrong, or the file is wrong about an output's shape: the same call
            // without memory for the outputs tells which.
            releaseValues(from: inputCount)
            try api.check(invoke())
            model.bindsOutputs.store(false, ordering: .relaxed)
        } catch {
            throw error.runError(of: model.name)
        }
    }

    private func invoke() -> OpaquePointer? {
        cort_run(
            api.table, model.session.pointer, runOptions.pointer, model.inputNames.pointer, values,
            inputCount, model.outputNames.pointer, outputCount, values + inputCount)
    }

    /// Makes output tensors over new buffers. Returns whether there is any.
    private func bindOutputs(_ inputs: [Tensor]) throws(OrtFailure) -> Bool {
        var hasBound = false
        for index in 0..<outputCount {
            guard let plan = model.plans[index],
                let byteCount = plan.resolve(inputs, into: &shapes[index])
            else { continue }
            let buffer = TensorBuffer(byteCount: byteCount)
            values[inputCount + index] = try wrap(
                UnsafeRawBufferPointer(buffer.memory), shapes[index],
                model.signature.outputs[index].dataType)
            bound[index] = buffer
            hasBound = true
        }
        return hasBound
    }

    /// Makes the results from the output tensors.
    private func collect(_ inputs: [Tensor]) throws(EngineError) -> [Tensor] {
        var results: [Tensor] = []
        results.reserveCapacity(outputCount)
        do throws(OrtFailure) {
            for index in 0..<outputCount {
                let dataType = model.signature.outputs[index].dataType
                if let buffer = bound[index] {
                    results.append(
                        Tensor(dataType: dataType, shape: shapes[index], buffer: buffer))
                } else if let value = values[inputCount + index] {
                    // From here on the value has an owner of its own.
                    values[inputCount + index] = nil
                    let output = OutputValue(value, model)
                    results.append(try output.tensor(dataType, inputs: inputs))
                }
            }
        } catch {
            throw error.runError(of: model.name)
        }
        return results
    }

    /// Releases the tensors from position `first` on, and the hold on the buffers of outputs.
    private func releaseValues(from first: Int) {
        for index in first..<inputCount + outputCount {
            if let value = values[index] {
                cort_release_value(api.table, value)
                values[index] = nil
            }
        }
        for index in 0..<outputCount where bound[index] != nil { bound[index] = nil }
    }
}

// MARK: Inputs

extension ONNXRuntimeInstance {
    /// Checks inputs against the signature. Where the file may have left a shape open, ONNX Runtime
    /// itself is the judge of it.
    private func check(_ inputs: [Tensor]) throws(EngineError) {
        guard model.uncertainInputs.contains(true), inputs.count == inputCount else {
            return try model.signature.check(inputs, batched: model.isBatched)
        }
        var signature = model.signature
        for index in inputs.indices where model.uncertainInputs[index] {
            signature.inputs[index].shape = inputs[index].shape
        }
        try signature.check(inputs, batched: model.isBatched)
    }

    /// Makes the tensor of one input and puts it in its place.
    private func makeInput(
        _ tensor: Tensor, _ index: Int, _ copies: inout [TensorBuffer]
    ) throws(EngineError) {
        do {
            if tensor.dataType == .bytes {
                values[index] = try makeStrings(tensor)
                return try fillStrings(values[index], tensor)
            }
            var bytes = tensor.bytes
            let mask = UInt(bitPattern: (tensor.dataType.elementSize ?? 1) - 1)
            if UInt(bitPattern: bytes.baseAddress) & mask != 0 {
                // Operators read whole elements, which must lie at multiples of their size.
                let copy = TensorBuffer(byteCount: bytes.count)
                copy.memory.copyMemory(from: bytes)
                copies.append(copy)
                bytes = UnsafeRawBufferPointer(copy.memory)
            }
            values[index] = try wrap(bytes, tensor.shape, tensor.dataType)
        } catch let error as EngineError {
            throw EngineError(
                error.kind, "input '\(model.signature.inputs[index].name)': \(error.message)")
        } catch let failure as OrtFailure {
            throw failure.runError(of: model.name)
        } catch {
            throw EngineError(.failed, "\(error)")
        }
    }

    /// A tensor over memory that outlives it.
    private func wrap(
        _ bytes: UnsafeRawBufferPointer, _ shape: [Int], _ dataType: DataType
    ) throws(OrtFailure) -> OpaquePointer {
        var value: OpaquePointer?
        try api.check(
            cort_wrap_tensor(
                api.table, model.library.memoryInfo.pointer,
                UnsafeMutableRawPointer(mutating: bytes.baseAddress), bytes.count, shape,
                shape.count, ElementType.number(dataType), &value))
        guard let value else { throw OrtFailure(code: 1, message: "no tensor was made") }
        return value
    }

    /// A string tensor of empty strings in the shape of `tensor`.
    private func makeStrings(_ tensor: Tensor) throws(OrtFailure) -> OpaquePointer? {
        var strings: OpaquePointer?
        try api.check(
            cort_create_tensor(
                api.table, model.library.allocator, tensor.shape, tensor.shape.count,
                ElementType.string, &strings))
        return strings
    }

    /// Copies the elements of `tensor`, whatever bytes they hold, into a string tensor.
    private func fillStrings(
        _ strings: OpaquePointer?, _ tensor: Tensor
    ) throws(EngineError) {
        try tensor.forEachByteString { (element, bytes) throws(EngineError) in
            var target: UnsafeMutablePointer<CChar>?
            let status = cort_string_element(api.table, strings, element, bytes.count, &target)
            if let status {
                throw api.failure(takingOver: status).runError(of: model.name)
            }
            if let target, let source = bytes.baseAddress {
                UnsafeMutableRawPointer(target).copyMemory(from: source, byteCount: bytes.count)
            }
        }
    }
}
