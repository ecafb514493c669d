internal import COnnxRuntime
internal import EngineAPI
internal import Synchronization

/// One loaded ONNX model: a session that all instances share.
///
/// A session holds the weights and is safe to run from several threads, so a second instance costs
/// no memory but its activations. The price: instances share the session's threads. With one thread
/// per instance, the default, a session has no threads of its own and every instance runs on its
/// caller's.
final class ONNXRuntimeModel: EngineModel {
    let name: String
    let signature: ModelSignature
    let library: OrtLibrary
    let session: OrtHandle
    let inputNames: NameTable
    let outputNames: NameTable

    /// Inputs whose shape the file may have left open.
    let uncertainInputs: [Bool]

    /// How each output's shape follows from the inputs; `nil` where only a run can tell.
    let plans: [OutputPlan?]

    /// Whether the first extent of every input is the batch.
    let isBatched: Bool

    /// Whether instances hand in memory for outputs; off for good once the file proved wrong about
    /// them.
    let bindsOutputs = Atomic<Bool>(true)

    init(_ source: ModelSource, library: OrtLibrary) throws(EngineError) {
        let settings = try SessionSettings(source)
        let session = try Self.open(source, settings, library)
        let model = source.name
        let inputs = try TensorFacts.join(
            TensorFacts.read(.inputs, of: session, library, model: model),
            declared: source.declared.inputs, side: .inputs, model: model)
        let outputs = try TensorFacts.join(
            TensorFacts.read(.outputs, of: session, library, model: model),
            declared: source.declared.outputs, side: .outputs, model: model)
        isBatched = source.maxBatchSize > 0
        if isBatched {
            for input in inputs {
                try input.checkBatchable(
                    side: .inputs, maxBatchSize: source.maxBatchSize, model: model)
            }
            for output in outputs {
                try output.checkBatchable(
                    side: .outputs, maxBatchSize: source.maxBatchSize, model: model)
            }
        }
        name = model
        self.library = library
        self.session = session
        signature = ModelSignature(inputs: inputs.map(\.spec), outputs: outputs.map(\.spec))
        inputNames = NameTable(inputs.map(\.spec.name))
        outputNames = NameTable(outputs.map(\.spec.name))
        uncertainInputs = inputs.map(\.isShapeUncertain)
        let isBatched = isBatched && !inputs.isEmpty
        plans = outputs.map { OutputPlan(output: $0, inputs: inputs, isBatched: isBatched) }
    }

    func makeInstance() throws(EngineError) -> any EngineInstance {
        do {
            return try ONNXRuntimeInstance(self)
        } catch {
            throw EngineError(.failed, "model '\(name)': \(error.message)")
        }
    }

    private static func open(
        _ source: ModelSource, _ settings: SessionSettings, _ library: OrtLibrary
    ) throws(EngineError) -> OrtHandle {
        let api = library.api
        do {
            let options = try settings.makeOptions(api, name: source.name)
            return try api.make(releasedBy: CORT_ReleaseSession) {
                cort_create_session(
                    api.table, library.environment.pointer, source.path, options.pointer, $0)
            }
        } catch {
            throw EngineError(
                error.isOutOfMemory ? .outOfMemory : .invalidModel,
                "model '\(source.name)' cannot be loaded from '\(source.path)': \(error.message)")
        }
    }
}
