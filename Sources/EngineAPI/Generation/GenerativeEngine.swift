/// What a model file turned out to hold.
public enum OpenedModel: Sendable {
    /// A function of tensors: it rides the ordinary batch scheduler.
    case tensors(any EngineModel)
    /// A model that generates text token by token.
    case generator(any GenerativeModel)
}

/// An engine whose models may generate text.
///
/// ``Engine/load(_:)`` of such an engine refuses models that generate text, so a caller that knows
/// tensors only gets an error with the reason.
public protocol GenerativeEngine: Engine {
    /// Opens one version of a model and tells its kind.
    ///
    /// Encoders open as ``OpenedModel/tensors(_:)``, and so does every model whose `parameters` say
    /// `task: embed`: their input is `text`, `BYTES` of shape `[-1, 1]`, and their output
    /// `embedding`, `FP32` of shape `[-1, width]`.
    ///
    /// - Throws: ``EngineError`` of kind `unavailable`, `invalidModel` or `outOfMemory`.
    func open(_ source: ModelSource) throws(EngineError) -> OpenedModel
}
