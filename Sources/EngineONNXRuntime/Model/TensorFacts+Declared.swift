internal import EngineAPI
internal import ServingModel

extension TensorFacts {
    /// Joins what a file says with what the model's configuration declares: the declared order, and
    /// the more exact of both shapes.
    ///
    /// - Throws: Kind `invalidModel` where the two contradict each other, or where an input is
    ///   undeclared.
    static func join(
        _ facts: [TensorFacts], declared: [TensorSpec], side: Side, model: String
    ) throws(EngineError) -> [TensorFacts] {
        if declared.isEmpty { return facts }
        var result: [TensorFacts] = []
        for spec in declared {
            guard let match = facts.first(where: { $0.spec.name == spec.name }) else {
                let known = facts.map { "'\($0.spec.name)'" }.joined(separator: ", ")
                throw EngineError(
                    .invalidModel,
                    "model '\(model)' has no \(side.word) '\(spec.name)'; it has \(known)")
            }
            result.append(try match.joined(with: spec, side: side, model: model))
        }
        if side == .inputs,
            let missing = facts.first(where: { fact in
                !declared.contains { $0.name == fact.spec.name }
            })
        {
            throw EngineError(
                .invalidModel,
                "model '\(model)' needs input '\(missing.spec.name)', which is not declared")
        }
        return result
    }

    private func joined(
        with declared: TensorSpec, side: Side, model: String
    ) throws(EngineError) -> TensorFacts {
        func contradiction(_ declared: String, _ found: String) -> EngineError {
            EngineError(
                .invalidModel,
                "model '\(model)': \(side.word) '\(spec.name)' is declared as \(declared), "
                    + "the file says \(found)")
        }
        if declared.dataType != spec.dataType {
            throw contradiction(declared.dataType.rawValue, spec.dataType.rawValue)
        }
        if isShapeUncertain {
            return TensorFacts(
                spec: declared, symbols: [String](repeating: "", count: declared.shape.count))
        }
        var result = self
        guard declared.shape.count == spec.shape.count else {
            throw contradiction("\(declared.shape)", "\(spec.shape)")
        }
        for (axis, extent) in declared.shape.enumerated() where extent >= 0 {
            if spec.shape[axis] >= 0 && spec.shape[axis] != extent {
                throw contradiction("\(declared.shape)", "\(spec.shape)")
            }
            result.spec.shape[axis] = extent
        }
        return result
    }

    /// Checks that the first extent is open, as it must be where requests are batched along it.
    ///
    /// - Throws: Kind `invalidModel`, saying how to configure such a model.
    func checkBatchable(
        side: Side, maxBatchSize: Int, model: String
    ) throws(EngineError) {
        guard let rows = spec.shape.first, rows >= 0, rows != maxBatchSize || rows != 1 else {
            return
        }
        throw EngineError(
            .invalidModel,
            "model '\(model)': \(side.word) '\(spec.name)' has shape \(spec.shape), whose first "
                + "extent is fixed, so it cannot carry batches of up to \(maxBatchSize) rows; "
                + "set max_batch_size to 0")
    }
}
