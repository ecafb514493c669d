internal import ServingModel

extension TensorSpec {
    /// Checks that `tensor` has this element type, a shape that this one admits, and as many bytes
    /// as its shape says. The layout inside a ``DataType/bytes`` tensor is left to
    /// ``Tensor/forEachByteString(_:)``.
    ///
    /// - Throws: ``EngineError`` of kind `invalidInput` that names the tensor and both sides.
    public func check(_ tensor: borrowing Tensor) throws(EngineError) {
        if tensor.dataType != dataType {
            throw EngineError(
                .invalidInput,
                "input '\(name)' has element type \(tensor.dataType.rawValue), "
                    + "the model takes \(dataType.rawValue)")
        }
        guard admits(tensor.shape) else {
            throw EngineError(
                .invalidInput,
                "input '\(name)' has shape \(tensor.shape), the model takes \(shape)")
        }
        let byteCount = tensor.byteRange.count
        guard let elements = Self.elementCount(of: tensor.shape) else {
            throw EngineError(
                .invalidInput, "input '\(name)' has an impossible shape \(tensor.shape)")
        }
        let (needed, overflow) = elements.multipliedReportingOverflow(by: dataType.elementSize ?? 4)
        let fits = dataType.elementSize == nil ? needed <= byteCount : needed == byteCount
        if overflow || !fits {
            throw EngineError(
                .invalidInput,
                "input '\(name)' of shape \(tensor.shape) and type \(dataType.rawValue) carries "
                    + "\(byteCount) bytes, "
                    + "\(dataType.elementSize == nil ? "at least " : "")\(needed) are needed")
        }
    }

    /// Whether a tensor of `other` shape fits: equal rank, and equal extents wherever this one is
    /// fixed.
    private func admits(_ other: [Int]) -> Bool {
        guard other.count == shape.count else { return false }
        for (wanted, given) in zip(shape, other) where given < 0 || (wanted >= 0 && wanted != given)
        {
            return false
        }
        return true
    }

    /// The product of `shape`, or `nil` where it does not fit an `Int`.
    private static func elementCount(of shape: [Int]) -> Int? {
        var count = 1
        for extent in shape {
            let (product, overflow) = count.multipliedReportingOverflow(by: extent)
            if overflow { return nil }
            count = product
        }
        return count
    }
}

extension ModelSignature {
    /// Checks the number of `inputs` and each of them against this signature.
    ///
    /// - Parameter batched: Whether the first extent is the batch, which all inputs must share.
    /// - Throws: ``EngineError`` of kind `invalidInput` that says which input is wrong, and how.
    public func check(_ inputs: [Tensor], batched: Bool) throws(EngineError) {
        if inputs.count != self.inputs.count {
            throw EngineError(
                .invalidInput,
                "\(inputs.count) inputs given, the model takes \(self.inputs.count): "
                    + self.inputs.map(\.name).joined(separator: ", "))
        }
        for index in inputs.indices {
            try self.inputs[index].check(inputs[index])
        }
        if batched { try checkRows(inputs) }
    }

    /// Checks that all inputs carry the same number of rows.
    private func checkRows(_ inputs: [Tensor]) throws(EngineError) {
        guard let rows = inputs.first?.shape.first else { return }
        for index in inputs.indices.dropFirst() where inputs[index].shape.first != rows {
            throw EngineError(
                .invalidInput,
                "input '\(self.inputs[index].name)' of shape \(inputs[index].shape) carries "
                    + "another number of rows than input '\(self.inputs[0].name)' of shape "
                    + "\(inputs[0].shape)")
        }
    }
}
