internal import CEnginePlugin
internal import EngineAPI
internal import ServingModel

/// A model that turns texts into vectors, as a function of tensors.
final class EmbeddingModel: EngineModel {
    let name: String
    let signature: ModelSignature
    let handle: PluginHandle
    let width: Int

    /// Longest text, in tokens.
    let longestText: Int

    private let options: headway_embedder_options

    /// Tokens of one pass by default: enough for a batch of sentences, and an amount of memory that
    /// does not matter.
    private static let usualTokens = 2_048

    /// Texts of one pass at most.
    private static let mostTexts = 64

    init(
        _ source: ModelSource, _ settings: ModelSettings, _ info: headway_model_info,
        _ handle: PluginHandle
    ) throws(EngineError) {
        name = source.name
        width = Int(info.embedding_size)
        self.handle = handle
        let context = Int(info.context_length)
        let maxTokens = settings.maxTokens ?? Self.usualTokens
        longestText = min(context, maxTokens)
        options = headway_embedder_options(
            max_tokens: Int32(clamping: maxTokens), max_texts: Int32(Self.mostTexts),
            threads: Int32(clamping: settings.threads), normalizes: settings.normalizes ? 1 : 0)
        signature = ModelSignature(
            inputs: [TensorSpec(name: "text", dataType: .bytes, shape: [-1, 1])],
            outputs: [
                TensorSpec(name: "embedding", dataType: .fp32, shape: [-1, width]),
                TensorSpec(name: "tokens", dataType: .int32, shape: [-1, 1]),
            ])
        try checkDeclared(source.declared.inputs, signature.inputs, "input")
        try checkDeclared(source.declared.outputs, signature.outputs, "output")
    }

    func makeInstance() throws(EngineError) -> any EngineInstance {
        try EmbeddingInstance(self, options)
    }

    /// Checks that what the configuration declares, if anything, is what the model has.
    private func checkDeclared(
        _ declared: [TensorSpec], _ own: [TensorSpec], _ side: String
    ) throws(EngineError) {
        for tensor in declared {
            let fits = own.contains {
                $0.name == tensor.name && $0.dataType == tensor.dataType
                    && tensor.shape.count == 2
                    && (tensor.shape[1] == $0.shape[1] || tensor.shape[1] == -1)
            }
            if fits { continue }
            let list = own.map {
                "'\($0.name)' of type \($0.dataType.rawValue) and shape \($0.shape)"
            }
            throw EngineError(
                .invalidModel,
                "model '\(name)' has no \(side) like '\(tensor.name)' of type "
                    + "\(tensor.dataType.rawValue) and shape \(tensor.shape), but "
                    + list.joined(separator: " and "))
        }
    }
}
