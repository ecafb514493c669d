internal import EngineAPI
internal import ModelRepository
internal import ServingModel

/// The quality ladder: models that stand in for a dearer one.
///
/// A variant is a model of the same repository with the same inputs and outputs. It is loaded once more
/// for the model that names it, because it shares that model's instances and their threads; whether it is
/// served under its own name as well is its own business.
extension ModelManager {
    /// The loaded variants that a version names, dearest first.
    ///
    /// - Throws: ``EngineError`` that names the variant and what is wrong with it. A model whose ladder is
    ///   broken is not served at all: it would miss the deadlines that somebody counts on.
    func cheaperVariants(
        of version: ServableVersion, _ signature: ModelSignature
    ) async throws -> [any EngineModel] {
        var models: [any EngineModel] = []
        for name in version.configuration.variants {
            do {
                models.append(try await variant(name, of: version, signature))
            } catch let error as EngineError {
                throw EngineError(error.kind, "variant '\(name)': \(error.message)")
            }
        }
        return models
    }

    private func variant(
        _ name: String, of full: ServableVersion, _ signature: ModelSignature
    ) async throws -> any EngineModel {
        guard name != full.model else {
            throw EngineError(.invalidModel, "a model is no variant of itself")
        }
        guard let entry = try repository.entry(named: name, configuration: nil) else {
            throw EngineError(.invalidModel, "no model repository has a model of this name")
        }
        guard let version = entry.servable.max(by: { $0.version < $1.version }) else {
            let reason = entry.unservable.first?.reason ?? entry.problem
            throw EngineError(.invalidModel, reason ?? "the directory holds no version")
        }
        guard case .tensors(let model) = try await open(version, with: try engine(of: version))
        else { throw EngineError(.invalidModel, "it generates text") }
        guard model.signature == signature else {
            throw EngineError(
                .invalidModel,
                "its inputs and outputs are \(model.signature), those of '\(full.model)' are "
                    + "\(signature)")
        }
        return model
    }
}
