internal import EngineAPI
internal import ServingModel

extension EngineConformance {
    /// Wrong numbers, element types, shapes and sizes of inputs are `invalidInput`, and the
    /// instance runs valid inputs as before afterwards.
    public func refusesWrongInputs() throws(ConformanceFailure) {
        let instance = try makeInstance()
        let inputs = fixture.makeInputs(1)
        let before = try run(instance, inputs).map { Array($0.bytes) }
        for (what, wrong) in wrongInputs(from: inputs) {
            try expectFailure(.invalidInput, what) { () throws(EngineError) in
                _ = try instance.run(wrong)
            }
            let after = try run(instance, inputs).map { Array($0.bytes) }
            if after != before {
                throw ConformanceFailure("an instance answers as before after \(what)")
            }
        }
    }

    /// Sources that are no models are `invalidModel`.
    public func refusesUnloadableModels() throws(ConformanceFailure) {
        for source in fixture.unloadable {
            try expectFailure(.invalidModel, "model '\(source.name)'") { () throws(EngineError) in
                _ = try engine.load(source)
            }
        }
    }

    /// Variations of valid inputs that fit the model no more.
    private func wrongInputs(from inputs: [Tensor]) -> [(what: String, inputs: [Tensor])] {
        var result: [(what: String, inputs: [Tensor])] = [
            ("no input at all", []),
            ("an input too few", Array(inputs.dropLast())),
            ("an input too many", inputs + [inputs[0]]),
        ]
        for (index, tensor) in inputs.enumerated() {
            let name = "input '\(fixture.signature.inputs[index].name)'"
            func add(_ what: String, _ change: (inout Tensor) -> Void) {
                var wrong = inputs
                change(&wrong[index])
                result.append(("\(name) \(what)", wrong))
            }
            add("of another element type") { tensor in
                tensor.dataType = tensor.dataType == .int64 ? .fp64 : .int64
            }
            add("with an extent too many") { $0.shape.append(1) }
            if !tensor.shape.isEmpty {
                add("with a negative extent") { $0.shape[0] = -1 }
                add("with an extent too few") { $0.shape.removeLast() }
                add("with a huge extent") { $0.shape[0] = .max }
                add("with fewer bytes than its shape says") { $0 = Rows.shortened($0) }
            }
            let shape = fixture.signature.inputs[index].shape
            if let axis = shape.indices.last(where: { shape[$0] > 0 }) {
                add("with a wrong extent") { $0 = Rows.widened($0, axis: axis) }
            }
        }
        return result.filter { !isValid($0.inputs) }
    }

    /// Whether the signature admits `inputs`: a scalar cannot be made wrong in all ways.
    private func isValid(_ inputs: [Tensor]) -> Bool {
        do {
            try fixture.signature.check(inputs, batched: fixture.isBatched)
            for input in inputs where input.dataType == .bytes {
                try input.forEachByteString { _, _ in }
            }
            return true
        } catch {
            return false
        }
    }
}
