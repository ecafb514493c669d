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
            outputs: [TensorSpec(name: "embedding", dataType: .fp32, shape: [-1, width])])
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
        if declared.isEmpty { return }
        let fits =
            declared.count == own.count && declared[0].name == own[0].name
            && declared[0].dataType == own[0].dataType && declared[0].shape.count == 2
            && (declared[0].shape[1] == own[0].shape[1] || declared[0].shape[1] == -1)
        if !fits {
            throw EngineError(
                .invalidModel,
                "model '\(name)' has one \(side), '\(own[0].name)' of type "
                    + "\(own[0].dataType.rawValue) and shape \(own[0].shape); leave it undeclared "
                    + "or declare that")
        }
    }
}
