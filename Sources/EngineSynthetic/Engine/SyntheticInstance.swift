internal import EngineAPI
internal import ServingModel

/// Runs a synthetic model: spends the time, then copies inputs to outputs.
final class SyntheticInstance: EngineInstance {
    private let model: SyntheticModel

    /// Runs of this instance so far, those that failed included.
    private var runs = 0
    /// Which of the model's instances it is, from 0 in the order in which they were made.
    private let number: Int
    /// Memory that was forgotten.
    private var leaks: [TensorBuffer] = []

    init(_ model: SyntheticModel, number: Int) {
        self.model = model
        self.number = number
    }

    func run(_ inputs: [Tensor]) throws(EngineError) -> [Tensor] {
        try model.signature.check(inputs, batched: model.isBatched)
        for input in inputs where input.dataType == .bytes {
            try input.forEachByteString { _, _ in }
        }
        runs += 1
        let rows = model.isBatched ? inputs[0].shape.first ?? 1 : 1
        let cost = model.cost
        if cost.outOfMemoryAboveRows > 0 && rows > cost.outOfMemoryAboveRows {
            throw EngineError(
                .outOfMemory,
                "model '\(model.name)': \(rows) rows are more than the "
                    + "\(cost.outOfMemoryAboveRows) of oom_above_rows")
        }
        let fault = cost.fault?.kind(ofRun: runs, instance: number)
        let nanoseconds = cost.nanoseconds(rows: rows, run: runs, fault)
        if nanoseconds > 0 { model.wait(nanoseconds) }
        if cost.failEvery > 0 && runs % cost.failEvery == 0 {
            throw EngineError(
                .failed, "model '\(model.name)': run \(runs) fails, as fail_every asks")
        }
        if fault == .fail {
            throw EngineError(.failed, "model '\(model.name)': run \(runs) fails, as fault asks")
        }
        if fault == .leak { leak(cost.fault?.leakBytes ?? 0) }
        var outputs: [Tensor] = []
        outputs.reserveCapacity(model.signature.outputs.count)
        for index in model.signature.outputs.indices {
            outputs.append(try output(index, inputs, rows))
        }
        return fault == .garbage ? Self.spoilt(outputs, cost.fault?.garbage) : outputs
    }

    /// Most bytes that an instance leaks: enough to be seen, and no machine dies of it.
    private static let mostLeaked = 1 << 30

    private func leak(_ bytes: Int) {
        guard leaks.reduce(bytes, { $0 + $1.byteCount }) <= Self.mostLeaked else { return }
        let buffer = TensorBuffer(byteCount: bytes)
        // Memory counts only once it is written to.
        buffer.memory.initializeMemory(as: UInt8.self, repeating: 1)
        leaks.append(buffer)
    }

    private func output(
        _ index: Int, _ inputs: [Tensor], _ rows: Int
    ) throws(EngineError) -> Tensor {
        let spec = model.signature.outputs[index]
        if index < inputs.count {
            let source = model.signature.inputs[index]
            if source.dataType == spec.dataType && source.shape == spec.shape {
                return Self.copy(inputs[index])
            }
        }
        return Self.zeros(spec, rows)
    }

    /// A copy, because the caller may reuse the memory of inputs after the call.
    private static func copy(_ tensor: Tensor) -> Tensor {
        let bytes = tensor.bytes
        let buffer = TensorBuffer(byteCount: bytes.count)
        buffer.memory.copyMemory(from: bytes)
        return Tensor(dataType: tensor.dataType, shape: tensor.shape, buffer: buffer)
    }

    /// Zeros; for strings that is an empty element after each length of zero.
    private static func zeros(_ spec: TensorSpec, _ rows: Int) -> Tensor {
        var shape = spec.shape
        for axis in shape.indices where shape[axis] < 0 { shape[axis] = axis == 0 ? rows : 1 }
        let byteCount = shape.reduce(1, *) * (spec.dataType.elementSize ?? 4)
        let buffer = TensorBuffer(byteCount: byteCount)
        buffer.memory.initializeMemory(as: UInt8.self, repeating: 0)
        return Tensor(dataType: spec.dataType, shape: shape, buffer: buffer)
    }
}
