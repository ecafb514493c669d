internal import ServingModel

/// Checks a configuration message and takes it apart.
///
/// Every check reports and goes on, so that one report names everything that is wrong; the result
/// counts only when ``problems`` stays empty.
struct ConfigurationValidator {
    /// The message, with the name filled in.
    private(set) var message: Inference_ModelConfig

    /// Everything found so far.
    var problems = ProblemList()

    /// Fields that are set and have no effect.
    var ignoredFields: [String] = []

    init(message: Inference_ModelConfig, directoryName: String?) {
        self.message = message
        checkName(directoryName)
    }

    /// Runs every check.
    mutating func validate() -> ModelConfiguration {
        if message.maxBatchSize < 0 {
            problems.add(
                .invalid, .field("max_batch_size"),
                "is \(message.maxBatchSize); 0 (no batch dimension) or more is allowed")
        }
        checkFileName(message.defaultModelFilename, .field("default_model_filename"))
        checkOperatorLibraries()
        checkUnsupportedFields()
        noteIgnoredFields()
        let inputs = validateInputs()
        let outputs = validateOutputs()
        let instanceCount = validateInstanceGroups()
        checkSharedDevice(instanceCount: instanceCount)
        checkOutputsParameter()
        checkVariantLoadingParameter()
        return ModelConfiguration(
            message: message, inputs: inputs, outputs: outputs,
            instanceCount: instanceCount, threadsPerInstance: validateThreads(),
            versionPolicy: validateVersionPolicy(),
            parameters: message.parameters.mapValues(\.stringValue),
            dynamicBatching: validateDynamicBatching(), warmup: validateWarmup(inputs: inputs),
            ignoredFields: ignoredFields)
    }

    private mutating func checkName(_ directoryName: String?) {
        if message.name.isEmpty {
            message.name = directoryName ?? ""
            if message.name.isEmpty {
                problems.add(.invalid, .field("name"), "is empty")
            }
        } else if let directoryName, message.name != directoryName {
            problems.add(
                .invalid, .field("name"),
                "is '\(message.name.abridged)', but the model's directory is"
                    + " '\(directoryName.abridged)'; leave the name out or use the directory's")
        }
    }

    /// Reports a file name that could lead out of the folder it is relative to.
    mutating func checkFileName(_ name: String, _ path: FieldPath) {
        if !name.isEmpty, !RelativePath.isSafe(name) {
            problems.add(
                .invalid, path,
                "is '\(name.abridged)'; a relative path without '..' is allowed")
        }
    }

    /// Reports libraries that could not be found whatever lies in the model's directory. An absolute
    /// path is allowed: libraries of operators are often installed for the whole machine.
    private mutating func checkOperatorLibraries() {
        for (index, name) in message.modelOperations.opLibraryFilename.enumerated() {
            let relative = name.hasPrefix("/") ? String(name.dropFirst()) : name
            if !RelativePath.isSafe(relative) {
                problems.add(
                    .invalid, .operatorLibraries(index),
                    "is '\(name.abridged)'; an absolute path, or one inside the model's directory,"
                        + " without '..' is allowed")
            }
        }
    }

    private mutating func validateThreads() -> Int? {
        let key = ModelConfiguration.threadsParameter
        guard let text = message.parameters[key]?.stringValue else { return nil }
        let limit = ModelConfiguration.threadsPerInstanceLimit
        guard let count = Int(text), (1...limit).contains(count) else {
            problems.add(
                .invalid, .field("parameters").key(key),
                "is '\(text.abridged)'; a whole number from 1 to \(limit) is allowed")
            return nil
        }
        return count
    }

    /// Reports a shared device without a name, or for instances that would be in each other's way there.
    private mutating func checkSharedDevice(instanceCount: Int) {
        let key = ModelConfiguration.deviceParameter
        guard let name = message.parameters[key]?.stringValue else { return }
        let path = FieldPath.field("parameters").key(key)
        if name.isEmpty {
            problems.add(.invalid, path, "is empty; the name of a device is allowed")
        }
        if instanceCount > 1 {
            problems.add(
                .invalid, path,
                "is shared by \(instanceCount) instances of the model; one is allowed on a device")
        }
    }

    /// Reports a parameter that is neither true nor false.
    private mutating func checkOutputsParameter() {
        let key = ModelConfiguration.checkOutputsParameter
        guard let text = message.parameters[key]?.stringValue, text != "true", text != "false"
        else { return }
        problems.add(
            .invalid, .field("parameters").key(key),
            "is '\(text.abridged)'; true or false is allowed")
    }

    /// Reports a way of loading variants that there is not, or one for no variants.
    private mutating func checkVariantLoadingParameter() {
        let key = ModelConfiguration.variantLoadingParameter
        guard let text = message.parameters[key]?.stringValue else { return }
        let path = FieldPath.field("parameters").key(key)
        if text != "always", text != "on_demand" {
            problems.add(
                .invalid, path, "is '\(text.abridged)'; always or on_demand is allowed")
        } else if message.parameters[ModelConfiguration.variantsParameter] == nil {
            problems.add(.invalid, path, "has no effect without the parameter 'variants'")
        }
    }

    private mutating func validateVersionPolicy() -> VersionPolicy {
        switch message.versionPolicy.policyChoice {
        case nil:
            return .latest(1)
        case .latest(let latest):
            return .latest(max(1, Int(latest.numVersions)))
        case .all:
            return .all
        case .specific(let specific):
            let path = FieldPath.field("version_policy").field("specific").field("versions")
            let versions = specific.versions.map { Int($0) }
            if versions.isEmpty {
                problems.add(.invalid, path, "is empty; at least one version must be named")
            }
            if let wrong = versions.first(where: { $0 < 1 }) {
                problems.add(.invalid, path, "has \(wrong); versions are numbers from 1")
            }
            return .specific(Set(versions).sorted())
        }
    }
}
