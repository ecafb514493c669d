package import ServingModel
package import ServingRuntime
internal import Synchronization

/// All models by name and version, and what state they are in. Read by every request, written by the
/// ``ModelManager``.
package final class ModelCatalog: Sendable {
    private struct State: Sendable {
        var models: [String: [Int: ModelState]] = [:]
        /// Models without any version, such as one whose configuration is broken.
        var broken: [String: String] = [:]
        var isDraining = false
        var isStarted = false
    }

    private let state = Mutex(State())
    private let changes = Atomic(0)

    /// What controllers are set to.
    package let controllers = ControllerBoard()

    /// An empty catalog, not ready.
    package init() {}

    // MARK: Reading

    /// Changes with every change of a model's state, so that a look-up can be remembered.
    package var generation: Int { changes.load(ordering: .acquiring) }

    /// The version of either kind that serves a request: the one asked for, else the latest that is ready.
    ///
    /// - Throws: ``ServingError`` `notFound` that lists what there is, or `notReady` with the reason.
    package func findAny(_ name: String, version: Int? = nil) throws(ServingError) -> ReadyModel {
        let found = state.withLock { state -> ModelState? in
            guard let versions = state.models[name] else { return nil }
            if let version { return versions[version] }
            return Self.preferred(versions)
        }
        if case .ready(let model) = found { return model }
        throw problem(name, version: version, found)
    }

    /// The function of tensors that serves a request, as ``findAny(_:version:)``.
    ///
    /// - Throws: ``ServingError``, also `invalidArgument` when the model generates text.
    package func find(_ name: String, version: Int? = nil) throws(ServingError) -> ModelHandle {
        switch try findAny(name, version: version) {
        case .tensors(let handle): return handle
        case .generator:
            throw ServingError(
                .invalidArgument,
                "model '\(name)' generates text and has no tensors; ask it at /v1/chat/completions, "
                    + "/v1/completions or /v2/models/\(name)/generate")
        }
    }

    /// The generator that serves a request, as ``findAny(_:version:)``.
    ///
    /// - Throws: ``ServingError``, also `invalidArgument` when the model does not generate text.
    package func findGenerator(
        _ name: String, version: Int? = nil
    ) throws(ServingError) -> GeneratorHandle {
        switch try findAny(name, version: version) {
        case .generator(let handle): return handle
        case .tensors:
            throw ServingError(
                .invalidArgument,
                "model '\(name)' is a function of tensors and generates no text; ask it at "
                    + "/v2/models/\(name)/infer")
        }
    }

    /// The state of each version of a model, ascending; `nil` for an unknown model.
    package func versions(of name: String) -> [(version: Int, state: ModelState)]? {
        state.withLock { state in
            guard let versions = state.models[name] else {
                return state.broken[name] == nil ? nil : []
            }
            return versions.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
        }
    }

    /// One line of the repository index.
    package struct Entry: Sendable {
        /// Name of the model.
        package var name: String
        /// Its version, unless no version exists.
        package var version: Int?
        /// State of the version.
        package var state: ModelState

        /// Where a version that takes requests is, unless it is in memory.
        package var residency: ModelResidency? {
            guard case .ready(.tensors(let handle)) = state else { return nil }
            let residency = handle.served.residency
            return residency == .resident ? nil : residency
        }
    }

    /// Every version of every model, by name and version.
    package var entries: [Entry] {
        state.withLock { state in
            let versions = state.models.flatMap { name, versions in
                versions.map { Entry(name: name, version: $0.key, state: $0.value) }
            }
            let broken = state.broken.map {
                Entry(name: $0.key, version: nil, state: .failed($0.value))
            }
            return (versions + broken).sorted {
                ($0.name, $0.version ?? 0) < ($1.name, $1.version ?? 0)
            }
        }
    }

    /// Every version of either kind that takes requests, by name and version.
    package var serving: [ReadyModel] {
        entries.compactMap { if case .ready(let model) = $0.state { model } else { nil } }
    }

    /// Every function of tensors that takes requests, by name and version.
    package var ready: [ModelHandle] {
        serving.compactMap { if case .tensors(let handle) = $0 { handle } else { nil } }
    }

    /// Every generator that takes requests, by name and version.
    package var generators: [GeneratorHandle] {
        serving.compactMap { if case .generator(let handle) = $0 { handle } else { nil } }
    }

    /// Whether the server as a whole takes requests.
    package var isReady: Bool { state.withLock { $0.isStarted && !$0.isDraining } }

    /// Whether the server is about to stop.
    package var isDraining: Bool { state.withLock { $0.isDraining } }

    // MARK: Writing

    /// All models have been tried once.
    package func started() { state.withLock { $0.isStarted = true } }

    /// The server is about to stop.
    package func drain() { state.withLock { $0.isDraining = true } }

    /// Sets the state of one version.
    package func set(_ name: String, version: Int, to newState: ModelState) {
        change { state in
            state.broken[name] = nil
            state.models[name, default: [:]][version] = newState
        }
    }

    /// Notes why a model has no version at all.
    package func setBroken(_ name: String, reason: String) {
        change { $0.broken[name] = reason }
    }

    /// Forgets a version.
    package func remove(_ name: String, version: Int) {
        change { state in
            state.models[name]?[version] = nil
            if state.models[name]?.isEmpty == true { state.models[name] = nil }
        }
    }

    private func change(_ body: (inout State) -> Void) {
        state.withLock { body(&$0) }
        changes.wrappingAdd(1, ordering: .releasing)
    }

    // MARK: Explaining

    private static func preferred(_ versions: [Int: ModelState]) -> ModelState? {
        var best: (version: Int, state: ModelState)?
        for (version, state) in versions {
            let isReady = if case .ready = state { true } else { false }
            let bestIsReady = if case .ready = best?.state { true } else { false }
            let better =
                best.map { isReady == bestIsReady ? version > $0.version : isReady } ?? true
            if better { best = (version, state) }
        }
        return best?.state
    }

    private func problem(_ name: String, version: Int?, _ found: ModelState?) -> ServingError {
        let label = version.map { "model '\(name)' version \($0)" } ?? "model '\(name)'"
        switch found {
        case .failed(let reason):
            return ServingError(.notReady, "\(label) is not ready: \(reason)")
        case .loading:
            return ServingError(.notReady, "\(label) is still loading", retryAfter: .seconds(1))
        case .unloading, .unloaded:
            return ServingError(.notReady, "\(label) is not loaded")
        case .ready, nil: break
        }
        let (known, broken, versions) = state.withLock { state in
            (
                state.models.keys.sorted(), state.broken[name],
                state.models[name]?.keys.sorted() ?? []
            )
        }
        if let broken { return ServingError(.notReady, "\(label) is not ready: \(broken)") }
        if !versions.isEmpty {
            let list = versions.map(String.init).joined(separator: ", ")
            return ServingError(
                .notFound, "model '\(name)' has no version \(version ?? 0); it has \(list)")
        }
        let list = known.isEmpty ? "there are none" : known.joined(separator: ", ")
        return ServingError(.notFound, "unknown model '\(name)'; the models are: \(list)")
    }
}
