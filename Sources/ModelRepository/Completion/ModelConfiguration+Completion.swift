package import EngineAPI

extension ModelConfiguration {
    /// Fills in what the configuration leaves out from the model file, and checks the rest against it.
    ///
    /// - Where neither `max_batch_size` nor any tensor is configured, and the first extent of every
    ///   input and output is variable, that extent is the batch: `max_batch_size` becomes
    ///   ``defaultMaxBatchSize`` and, without another choice, dynamic batching is switched on. With any
    ///   other model it becomes 0.
    /// - Inputs, outputs and dims that are absent are taken over, without the batch dimension.
    /// - The version policy and the instance group are written out, as Triton does.
    ///
    /// Completing a completed configuration with the same signature changes nothing.
    ///
    /// - Parameter signature: Inputs and outputs of the loaded model, batch dimension included.
    /// - Throws: ``ConfigurationError`` of kind `mismatch` that names both sides.
    package func completed(
        with signature: ModelSignature
    ) throws(ConfigurationError) -> ModelConfiguration {
        var completion = ConfigurationCompletion(message: message, signature: signature)
        completion.run()
        try completion.problems.throwIfAny(source: nil)
        return try ModelConfiguration(
            message: completion.message, directoryName: name, source: nil)
    }

    /// Completes a configuration that may be absent.
    ///
    /// - Throws: ``ConfigurationError`` of kind `mismatch` that names both sides.
    package static func complete(
        _ configuration: ModelConfiguration?, name: String, with signature: ModelSignature
    ) throws(ConfigurationError) -> ModelConfiguration {
        guard let configuration else {
            return try ModelConfiguration(unconfigured: name).completed(with: signature)
        }
        return try configuration.completed(with: signature)
    }

    /// Where the tensors of a completed configuration are in the order of the engine.
    ///
    /// - Returns: For each of ``inputs`` and ``outputs`` its position in `signature`; tensors that
    ///   the signature lacks, which completing rules out, are left out.
    package func engineOrder(in signature: ModelSignature) -> (inputs: [Int], outputs: [Int]) {
        func positions(_ tensors: [TensorConfiguration], _ specs: [TensorSpec]) -> [Int] {
            tensors.compactMap { tensor in specs.firstIndex { $0.name == tensor.name } }
        }
        return (positions(inputs, signature.inputs), positions(outputs, signature.outputs))
    }

    /// The configuration with the engine and the file that were found for it written down.
    func naming(
        engine: EngineDescriptor, fileName: String
    ) throws(ConfigurationError) -> ModelConfiguration {
        var message = message
        if message.backend.isEmpty { message.backend = engine.name }
        if message.defaultModelFilename.isEmpty { message.defaultModelFilename = fileName }
        return try ModelConfiguration(message: message, directoryName: name, source: nil)
    }
}
