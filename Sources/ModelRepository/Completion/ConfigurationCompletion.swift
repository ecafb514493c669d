internal import EngineAPI
internal import ServingModel

/// Merges a configuration message with what a model file says.
struct ConfigurationCompletion {
    private(set) var message: Inference_ModelConfig
    private let signature: ModelSignature

    /// Contradictions found.
    private(set) var problems = ProblemList()

    init(message: Inference_ModelConfig, signature: ModelSignature) {
        self.message = message
        self.signature = signature
    }

    /// Completes ``message``; its content counts only when ``problems`` stays empty.
    mutating func run() {
        chooseBatching()
        completeInputs()
        completeOutputs()
        writeOutDefaults()
    }

    private var isBatched: Bool { message.maxBatchSize > 0 }

    private mutating func chooseBatching() {
        if message.leavesBatchingOpen {
            let tensors = signature.inputs + signature.outputs
            if !tensors.isEmpty, tensors.allSatisfy({ $0.shape.first == -1 }) {
                message.maxBatchSize = Int32(ModelConfiguration.defaultMaxBatchSize)
                if message.schedulingChoice == nil {
                    message.dynamicBatching = Inference_ModelDynamicBatching()
                }
            } else {
                message.maxBatchSize = 0
            }
        } else if !message.hasMaxBatchSize {
            // Tensors are configured: the absent field has its protobuf default.
            message.maxBatchSize = 0
        }
    }

    private mutating func completeInputs() {
        if message.input.isEmpty {
            message.input = signature.inputs.enumerated().map { index, spec in
                var input = Inference_ModelInput()
                input.name = spec.name
                input.dataType = spec.dataType.protobuf
                input.dims = rowDims(of: spec, .field("input", index))
                return input
            }
            return
        }
        for index in message.input.indices {
            let input = message.input[index]
            let path = FieldPath.field("input", index)
            guard let spec = spec(named: input.name, in: signature.inputs, path) else { continue }
            check(input.dataType, spec, path)
            if input.dims.isEmpty {
                message.input[index].dims = rowDims(of: spec, path)
            } else {
                check(
                    input.hasReshape ? input.reshape.shape : input.dims, spec, path,
                    mayBeUnknown: false)
            }
        }
        let configured = Set(message.input.map(\.name))
        for spec in signature.inputs where !configured.contains(spec.name) {
            problems.add(
                .mismatch, .field("input"),
                "lacks '\(spec.name.abridged)', which the model needs (\(spec.facts))")
        }
    }

    private mutating func completeOutputs() {
        if message.output.isEmpty {
            message.output = signature.outputs.enumerated().map { index, spec in
                var output = Inference_ModelOutput()
                output.name = spec.name
                output.dataType = spec.dataType.protobuf
                output.dims = rowDims(of: spec, .field("output", index))
                return output
            }
            return
        }
        for index in message.output.indices {
            let output = message.output[index]
            let path = FieldPath.field("output", index)
            guard let spec = spec(named: output.name, in: signature.outputs, path) else { continue }
            check(output.dataType, spec, path)
            if output.dims.isEmpty {
                message.output[index].dims = rowDims(of: spec, path)
            } else {
                check(
                    output.hasReshape ? output.reshape.shape : output.dims, spec, path,
                    mayBeUnknown: true)
            }
        }
    }

    private mutating func writeOutDefaults() {
        switch message.versionPolicy.policyChoice {
        case nil:
            message.versionPolicy.latest.numVersions = 1
        case .latest(let latest) where latest.numVersions == 0:
            message.versionPolicy.latest.numVersions = 1
        default:
            break
        }
        if message.instanceGroup.isEmpty {
            message.instanceGroup = [Inference_ModelInstanceGroup()]
        }
        for index in message.instanceGroup.indices {
            if message.instanceGroup[index].name.isEmpty {
                message.instanceGroup[index].name = "\(message.name)_\(index)"
            }
            if message.instanceGroup[index].count == 0 {
                message.instanceGroup[index].count = 1
            }
            if message.instanceGroup[index].kind == .auto {
                message.instanceGroup[index].kind = .cpu
                message.instanceGroup[index].gpus = []
            }
        }
    }
}

extension ConfigurationCompletion {
    private mutating func spec(
        named name: String, in specs: [TensorSpec], _ path: FieldPath
    ) -> TensorSpec? {
        if let spec = specs.first(where: { $0.name == name }) { return spec }
        let known = specs.map { "'\($0.name.abridged)'" }.joined(separator: ", ")
        problems.add(
            .mismatch, path.field("name"),
            "is '\(name.abridged)', but the model has \(known.isEmpty ? "none" : known)")
        return nil
    }

    private mutating func check(
        _ type: Inference_DataType, _ spec: TensorSpec, _ path: FieldPath
    ) {
        guard let configured = DataType(type), configured != spec.dataType else { return }
        problems.add(
            .mismatch, path.field("data_type"),
            "of '\(spec.name.abridged)' is \(configured.configurationName), but the model has"
                + " \(spec.dataType.configurationName)")
    }

    /// Compares configured extents with the model's.
    ///
    /// - Parameter mayBeUnknown: Whether the model may be silent about the shape, which engines tell
    ///   as no extents at all.
    private mutating func check(
        _ dims: [Int64], _ spec: TensorSpec, _ path: FieldPath, mayBeUnknown: Bool
    ) {
        if spec.shape.isEmpty, mayBeUnknown { return }
        if !checkBatchDimension(of: spec, path) { return }
        let expected = spec.shape.dropFirst(isBatched ? 1 : 0).map { Int64($0) }
        let fits =
            dims.count == expected.count
            && zip(dims, expected).allSatisfy { $1 == -1 || $0 == $1 }
        if !fits {
            let batch =
                isBatched ? " after the batch dimension" : " (max_batch_size is 0: every extent)"
            problems.add(
                .mismatch, path.field("dims"),
                "of '\(spec.name.abridged)' are \(dims), but the model has \(expected)\(batch)")
        }
    }

    /// The extents of one row, with a report when the model has no rows.
    private mutating func rowDims(of spec: TensorSpec, _ path: FieldPath) -> [Int64] {
        if !checkBatchDimension(of: spec, path) { return [] }
        return spec.shape.dropFirst(isBatched ? 1 : 0).map { Int64($0) }
    }

    private mutating func checkBatchDimension(of spec: TensorSpec, _ path: FieldPath) -> Bool {
        if !isBatched || spec.shape.first == -1 { return true }
        problems.add(
            .mismatch, .field("max_batch_size"),
            "is \(message.maxBatchSize), but \(path) '\(spec.name.abridged)' has the shape"
                + " \(spec.shape) in the model: the first extent must be variable (-1) to be the"
                + " batch; set max_batch_size to 0 or export the model with a variable batch")
        return false
    }
}

extension TensorSpec {
    /// Type and shape, for messages.
    fileprivate var facts: String { "\(dataType.configurationName), shape \(shape)" }
}
