internal import EngineAPI
internal import ServingModel

/// How to know the shape of an output before a run, so that Headway can hand in the memory for it.
///
/// Extents are known where the file fixes them, where it gives them the name of an input's extent,
/// and where they are the batch. A file may be wrong about names; ONNX Runtime then refuses the
/// memory, and ``ONNXRuntimeModel/bindsOutputs`` ends the use of plans for that model.
struct OutputPlan {
    /// Where one extent comes from.
    enum Extent: Equatable {
        case fixed(Int)
        case input(Int, axis: Int)
    }

    let extents: [Extent]
    let elementSize: Int

    /// Outputs above this many bytes are left to ONNX Runtime, which reports that memory ran out
    /// where Headway's own allocation would end the process.
    static let largestBinding = 1 << 30

    /// A plan for `output`, or `nil` when its shape is not known before a run.
    init?(output: TensorFacts, inputs: [TensorFacts], isBatched: Bool) {
        guard let elementSize = output.spec.dataType.elementSize, !output.isShapeUncertain else {
            return nil
        }
        // An input that is handed through stays where it is: nothing would be written to the
        // output.
        if inputs.contains(where: { $0.spec.name == output.spec.name }) { return nil }
        var extents: [Extent] = []
        for (axis, extent) in output.spec.shape.enumerated() {
            if extent >= 0 {
                extents.append(.fixed(extent))
            } else if let source = Self.find(output.symbols[axis], in: inputs) {
                extents.append(source)
            } else if axis == 0 && isBatched {
                extents.append(.input(0, axis: 0))
            } else {
                return nil
            }
        }
        self.extents = extents
        self.elementSize = elementSize
    }

    /// The first extent of an input that carries the name `symbol`.
    private static func find(_ symbol: String, in inputs: [TensorFacts]) -> Extent? {
        if symbol.isEmpty { return nil }
        for (index, input) in inputs.enumerated() {
            if let axis = input.symbols.firstIndex(of: symbol) { return .input(index, axis: axis) }
        }
        return nil
    }

    /// Computes the shape for these inputs into `shape` and returns the number of bytes, or `nil`
    /// when the output is too large to bind.
    ///
    /// `shape` holds the shape of the last run, which is mostly the same: then nothing is written
    /// and no memory is allocated.
    func resolve(_ inputs: [Tensor], into shape: inout [Int]) -> Int? {
        var byteCount = elementSize
        for (axis, extent) in extents.enumerated() {
            let value: Int
            switch extent {
            case .fixed(let fixed): value = fixed
            case .input(let index, let axis): value = inputs[index].shape[axis]
            }
            if shape[axis] != value { shape[axis] = value }
            let (product, overflow) = byteCount.multipliedReportingOverflow(by: value)
            if overflow { return nil }
            byteCount = product
        }
        return byteCount <= Self.largestBinding ? byteCount : nil
    }
}
