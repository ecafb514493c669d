internal import EngineAPI
internal import ServingModel

extension EngineConformance {
    /// The engine has a name and a version, and the loaded model reports the fixture's signature.
    public func loadsAndDescribes() throws(ConformanceFailure) {
        if engine.descriptor.name.isEmpty {
            throw ConformanceFailure("an engine has a name")
        }
        let version = try expect("the engine has a version") { () throws(EngineError) in
            try engine.version()
        }
        if version.isEmpty { throw ConformanceFailure("the version says something") }
        let signature = try load().signature
        if signature != fixture.signature {
            throw ConformanceFailure(
                "the model reports \(fixture.signature), not \(signature)")
        }
    }

    /// Outputs come in the signature's number, order, element types and shapes, with as many rows
    /// as the inputs have and as many bytes as their shapes say.
    public func outputsFitSignature() throws(ConformanceFailure) {
        let instance = try makeInstance()
        for rows in fixture.rowCounts {
            let outputs = try run(instance, fixture.makeInputs(rows))
            let specs = fixture.signature.outputs
            if outputs.count != specs.count {
                throw ConformanceFailure(
                    "the model has \(specs.count) outputs, a run gives \(outputs.count)")
            }
            for (spec, output) in zip(specs, outputs) {
                try expect("output '\(spec.name)' fits the signature") { () throws(EngineError) in
                    try spec.check(output)
                    if output.dataType == .bytes { try output.forEachByteString { _, _ in } }
                }
                if fixture.isBatched && output.shape.first != rows {
                    throw ConformanceFailure(
                        "output '\(spec.name)' of \(rows) rows has shape \(output.shape)")
                }
            }
        }
    }

    /// Each row of a batch has the answer that it has alone, also when it lies anywhere inside a
    /// larger buffer. Models without a batch dimension give the same answer twice.
    public func batchesEqualSingles() throws(ConformanceFailure) {
        let instance = try makeInstance()
        let inputs = fixture.makeInputs(fixture.mostRows)
        let outputs = try run(instance, inputs)
        guard fixture.isBatched else {
            return try compare(
                run(instance, inputs), outputs, "the second of two equal runs")
        }
        for row in 0..<fixture.mostRows {
            let alone = try run(instance, inputs.map { Rows.slice($0, row) })
            try compare(
                alone, outputs.map { Rows.slice($0, row) },
                "row \(row) alone and in a batch of \(fixture.mostRows)")
        }
    }

    /// Instances on threads of their own give the same answers as one alone.
    public func runsConcurrently() throws(ConformanceFailure) {
        let model = try load()
        let inputs = fixture.makeInputs(fixture.mostRows)
        let alone = try expect("an instance runs") { () throws(EngineError) in
            try model.makeInstance().run(inputs)
        }
        let failures = Threads.run(count: 4) { thread -> String? in
            do {
                let instance = try model.makeInstance()
                for round in 0..<32 {
                    let answers = try instance.run(inputs)
                    try compare(answers, alone, "thread \(thread) in round \(round) and one alone")
                }
                return nil
            } catch {
                return "\(error)"
            }
        }
        if let failure = failures.compactMap({ $0 }).first {
            throw ConformanceFailure("instances run on threads of their own: \(failure)")
        }
    }

    /// Outputs keep their content through later calls, and beyond the instance and the model.
    public func outputsOutliveNextCall() throws(ConformanceFailure) {
        var outputs: [Tensor] = []
        var copies: [[UInt8]] = []
        do {
            let instance = try makeInstance()
            outputs = try run(instance, fixture.makeInputs(fixture.mostRows))
            copies = outputs.map { Array($0.bytes) }
            for rows in fixture.rowCounts {
                _ = try run(instance, fixture.makeInputs(rows).map(Rows.inverted))
            }
        }
        for (output, copy) in zip(outputs, copies) where Array(output.bytes) != copy {
            throw ConformanceFailure("outputs stay as they are after the next call")
        }
    }

    private func compare(
        _ left: [Tensor], _ right: [Tensor], _ what: String
    ) throws(ConformanceFailure) {
        for index in left.indices {
            let difference = Difference.find(left[index], right[index], fixture.tolerance)
            if let difference {
                let name = fixture.signature.outputs[index].name
                throw ConformanceFailure("\(what) differ in output '\(name)': \(difference)")
            }
        }
    }
}
