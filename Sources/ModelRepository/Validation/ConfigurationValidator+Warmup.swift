internal import ServingModel

extension ConfigurationValidator {
    /// Most runs of one sample.
    private static var warmupCountLimit: UInt32 { 100_000 }

    mutating func validateWarmup(inputs: [TensorConfiguration]) -> [WarmupSample] {
        message.modelWarmup.enumerated().map { index, sample in
            let path = FieldPath.field("model_warmup", index)
            checkBatchSize(sample, path)
            if sample.count > Self.warmupCountLimit {
                problems.add(
                    .invalid, path.field("count"),
                    "is \(sample.count); \(Self.warmupCountLimit) are allowed")
            }
            checkCoverage(sample, inputs, path)
            return WarmupSample(
                name: sample.name, batchSize: Int(sample.batchSize),
                count: max(1, Int(sample.count)),
                inputs: sample.inputs.sorted { $0.key < $1.key }.map { name, input in
                    validateWarmupInput(input, name, path.field("inputs").key(name))
                })
        }
    }

    private mutating func checkBatchSize(_ sample: Inference_ModelWarmup, _ path: FieldPath) {
        let limit =
            message.leavesBatchingOpen ? UInt32.max : UInt32(max(1, message.maxBatchSize))
        if sample.batchSize < 1 || sample.batchSize > limit {
            problems.add(
                .invalid, path.field("batch_size"),
                "is \(sample.batchSize); 1 to max_batch_size (\(message.maxBatchSize)) is allowed,"
                    + " and 1 without a batch dimension")
        }
    }

    /// Checks that the sample names exactly the configured inputs, where they are configured.
    private mutating func checkCoverage(
        _ sample: Inference_ModelWarmup, _ inputs: [TensorConfiguration], _ path: FieldPath
    ) {
        if inputs.isEmpty { return }
        let known = Set(inputs.map(\.name))
        for name in sample.inputs.keys.sorted() where !known.contains(name) {
            problems.add(.invalid, path.field("inputs").key(name), "is no input of the model")
        }
        for input in inputs where sample.inputs[input.name] == nil {
            problems.add(
                .invalid, path.field("inputs"), "lacks the input '\(input.name.abridged)'")
        }
    }

    private mutating func validateWarmupInput(
        _ input: Inference_ModelWarmup.Input, _ name: String, _ path: FieldPath
    ) -> WarmupSample.Input {
        let dataType = DataType(input.dataType)
        if dataType == nil {
            problems.add(
                .invalid, path.field("data_type"),
                "is not set to an element type; allowed are \(DataType.configurationNames)")
        }
        if let wrong = input.dims.first(where: { $0 < 1 || $0 > Int32.max }) {
            problems.add(
                .invalid, path.field("dims"), "has \(wrong); a sample takes extents of 1 or more")
        }
        let content: WarmupSample.Content
        switch input.inputDataType {
        case .zeroData: content = .zero
        case .randomData: content = .random
        case .inputDataFile(let file):
            content = .file(file)
            if !RelativePath.isSafe(file) {
                problems.add(
                    .invalid, path.field("input_data_file"),
                    "is '\(file.abridged)'; a relative path without '..' is allowed")
            }
        case nil:
            content = .zero
            problems.add(
                .invalid, path, "needs one of zero_data, random_data and input_data_file")
        }
        return WarmupSample.Input(
            name: name, dataType: dataType ?? .fp32, dims: input.dims.map { Int($0) },
            content: content)
    }
}
