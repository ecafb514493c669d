/// The validated configuration of one model, as its repository writes it or as it was completed
/// from the model file.
///
/// A value of this type has passed every check that needs no model file. It is immutable; completing
/// it with ``completed(with:)`` makes a new one.
package struct ModelConfiguration: Hashable, Sendable {
    /// Largest batch given to a model that names none itself and whose file has a variable first
    /// dimension throughout. Triton takes 4; larger batches are what this server is for, and the
    /// scheduler forms them only while deadlines allow it.
    package static let defaultMaxBatchSize = 64

    /// Upper bound of ``instanceCount``.
    package static let instanceCountLimit = 1024

    /// Upper bound of ``threadsPerInstance``.
    package static let threadsPerInstanceLimit = 1024

    /// The key among `parameters` that sets ``threadsPerInstance``.
    package static let threadsParameter = "threads_per_instance"

    /// The key among `parameters` that sets ``variants``.
    package static let variantsParameter = "variants"

    /// The key among `parameters` that sets ``loadsVariantsOnDemand``.
    package static let variantLoadingParameter = "variant_loading"

    /// The key among `parameters` that sets ``sharedDevice``.
    package static let deviceParameter = "device"

    /// The key among `parameters` that sets ``checksOutputs``.
    package static let checkOutputsParameter = "check_outputs"

    /// The protobuf message behind this value, which the gRPC interface answers with.
    package let message: Inference_ModelConfig

    /// Name of the model: the name of its directory.
    package var name: String { message.name }

    /// Field `backend`; empty when absent. Chooses the engine.
    package var backend: String { message.backend }

    /// Field `platform`; empty when absent. Chooses the engine where `backend` is empty.
    package var platform: String { message.platform }

    /// Field `default_model_filename`, a relative path without `..`; empty when absent.
    package var defaultModelFileName: String { message.defaultModelFilename }

    /// Largest number of rows of one call; 0 when the tensors have no batch dimension, or when the
    /// field is absent and the configuration not completed.
    package var maxBatchSize: Int { Int(message.maxBatchSize) }

    /// Whether completing it may choose ``maxBatchSize``: neither that nor any tensor is configured.
    package var leavesBatchingOpen: Bool { message.leavesBatchingOpen }

    /// Most rows that a call may carry, whatever the model file says.
    package var largestPossibleBatch: Int {
        leavesBatchingOpen ? Self.defaultMaxBatchSize : maxBatchSize
    }

    /// The inputs in configured order; empty when completing shall take them from the model.
    package let inputs: [TensorConfiguration]

    /// The outputs in configured order; empty when completing shall take them from the model. May
    /// leave out outputs that the model has.
    package let outputs: [TensorConfiguration]

    /// Instances to make, at least 1.
    package let instanceCount: Int

    /// Threads that one instance may use for one call, at least 1; `nil` when not configured.
    package let threadsPerInstance: Int?

    /// Which versions are served.
    package let versionPolicy: VersionPolicy

    /// Free parameters, for the engine.
    package let parameters: [String: String]

    /// Name of the device on which the model computes one batch or step at a time with all others that name
    /// it; `nil` when it computes beside them.
    package var sharedDevice: String? { parameters[Self.deviceParameter] }

    /// Whether numbers that are not finite and extents that were not declared count as failures of the engine;
    /// `nil` when not configured.
    package var checksOutputs: Bool? { parameters[Self.checkOutputsParameter].map { $0 == "true" } }

    /// Field `model_operations.op_library_filename`: libraries with operators that the model needs,
    /// absolute or relative to the model's directory.
    package var operatorLibraries: [String] { message.modelOperations.opLibraryFilename }

    /// Models of the same repository that may answer in place of this one when it has too much to do,
    /// dearest first: names between commas in the parameter ``variantsParameter``.
    package var variants: [String] {
        (parameters[Self.variantsParameter] ?? "").split(separator: ",").map {
            String($0).trimmingSpaces
        }
    }

    /// Whether its ``variants`` are in memory only while there is too much to do: `on_demand` in the parameter
    /// ``variantLoadingParameter``, instead of `always`.
    package var loadsVariantsOnDemand: Bool {
        parameters[Self.variantLoadingParameter] == "on_demand"
    }

    /// How requests share batches; `nil` when each request is run by itself.
    package let dynamicBatching: DynamicBatching?

    /// Samples to run before the model serves.
    package let warmup: [WarmupSample]

    /// Whether equal requests may be answered from memory.
    package var responseCacheEnabled: Bool { message.responseCache.enable }

    /// Fields that are set and without effect here, because they are hints for other engines or
    /// devices. Worth a notice in the log.
    package let ignoredFields: [String]
}

extension String {
    /// The text without spaces at its ends.
    fileprivate var trimmingSpaces: String {
        let front = drop { $0 == " " }
        return String(front.reversed().drop { $0 == " " }.reversed())
    }
}

extension Inference_ModelConfig {
    /// Whether neither `max_batch_size` nor any tensor is configured.
    var leavesBatchingOpen: Bool {
        !hasMaxBatchSize && input.isEmpty && output.isEmpty
    }
}
