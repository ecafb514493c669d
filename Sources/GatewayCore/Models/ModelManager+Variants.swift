internal import EngineAPI
internal import Logging
internal import ModelRepository
internal import ServingModel
internal import ServingRuntime

/// The quality ladder: models that stand in for a dearer one.
///
/// A variant is a model of the same repository with the same inputs and outputs. It is loaded once more
/// for the model that names it, because it shares that model's instances and their threads; whether it is
/// served under its own name as well is its own business. It is loaded with the model, or on demand.
extension ModelManager {
    /// The loaded variants that are always there, dearest first.
    ///
    /// - Throws: ``EngineError`` that names the variant and what is wrong with it. A model whose ladder is
    ///   broken is not served at all: it would miss the deadlines that somebody counts on.
    func residentVariants(
        of version: ServableVersion, _ signature: ModelSignature
    ) async throws -> [any EngineModel] {
        guard !version.configuration.loadsVariantsOnDemand else { return [] }
        return try await allVariants(of: version, signature)
    }

    private func allVariants(
        of version: ServableVersion, _ signature: ModelSignature
    ) async throws -> [any EngineModel] {
        var models: [any EngineModel] = []
        for name in version.configuration.variants {
            let variant = try variant(name, of: version)
            models.append(try await open(variant, of: version, signature))
        }
        return models
    }

    /// How variants come that are not always there; `nil` where they are.
    func variantLoading(
        of version: ServableVersion, _ signature: ModelSignature
    ) -> VariantLoading? {
        guard version.configuration.loadsVariantsOnDemand else { return nil }
        let names = version.configuration.variants
        return VariantLoading(
            settings.ladder, onChange: variantLog(version.model, names),
            visit: { [self] in try await allVariants(of: version, signature) },
            load: { [self] in try await load(names[$0.rawValue - 1], of: version, signature) })
    }

    /// Brings a variant into memory, within its limit.
    private func load(
        _ name: String, of full: ServableVersion, _ signature: ModelSignature
    ) async throws -> LoadedVariant {
        let variant = try variant(name, of: full)
        guard let memory = settings.memory else {
            return LoadedVariant(model: try await open(variant, of: full, signature))
        }
        let estimate = estimate(of: variant, isFirst: false)
        let place: MemoryManager.Place
        do {
            place = try await memory.admit(
                "\(full.model), variant \(name)", bytes: estimate, patience: .seconds(2))
        } catch {
            throw ServingError(error.code, "variant '\(name)': \(error.message)")
        }
        do {
            let clock = MonotonicClock()
            let begun = clock.now()
            let before = ProcessUsage.residentBytes
            let model = try await open(variant, of: full, signature)
            let after = ProcessUsage.residentBytes
            let measured = after > before ? after - before : 0
            try memory.admitted(
                place, nil, bytes: memory.bytes(measured: measured, estimate: estimate),
                took: begun.interval(to: clock.now()), reload: nil)
            return LoadedVariant(model: model) { memory.abandon(place) }
        } catch {
            memory.abandon(place)
            throw error
        }
    }

    /// Finds the version of a variant that would be served.
    private func variant(
        _ name: String, of full: ServableVersion
    ) throws -> ServableVersion {
        func problem(_ reason: String) -> EngineError {
            EngineError(.invalidModel, "variant '\(name)': \(reason)")
        }
        guard name != full.model else { throw problem("a model is no variant of itself") }
        guard let entry = try repository.entry(named: name, configuration: nil) else {
            throw problem("no model repository has a model of this name")
        }
        guard let version = entry.servable.max(by: { $0.version < $1.version }) else {
            let reason = entry.unservable.first?.reason ?? entry.problem
            throw problem(reason ?? "the directory holds no version")
        }
        return version
    }

    /// Has an engine read a variant's files, and checks that it fits the full model.
    private func open(
        _ variant: ServableVersion, of full: ServableVersion, _ signature: ModelSignature
    ) async throws -> any EngineModel {
        do {
            guard
                case .tensors(let model) = try await open(variant, with: try engine(of: variant))
            else { throw EngineError(.invalidModel, "it generates text") }
            guard model.signature == signature else {
                throw EngineError(
                    .invalidModel,
                    "its inputs and outputs are \(model.signature), those of '\(full.model)' are "
                        + "\(signature)")
            }
            return model
        } catch let error as EngineError {
            throw EngineError(error.kind, "variant '\(variant.model)': \(error.message)")
        }
    }
}
