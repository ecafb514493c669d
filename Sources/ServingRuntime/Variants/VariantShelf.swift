internal import EngineAPI
internal import ServingModel

/// What each instance of a model shall hold, where variants come and go: the models themselves, who has
/// not caught up yet, and who waits for that.
///
/// Engines confine an instance to the thread that made it. So whoever changes the shelf only says what is
/// wanted, and each instance's thread makes and drops its own between two batches.
final class VariantShelf: Sendable {
    private struct State: Sendable {
        /// The full model first; nothing in the place of a variant that is not in memory.
        var models: [(any EngineModel)?] = []
        /// Changes with every change of them.
        var edition = 0
        /// By instance, whether somebody waits until it has what is wanted.
        var isAwaited: [Bool]
        var failure: EngineError?
        var waiter: CheckedContinuation<EngineError?, Never>?
        var releases: [VariantIndex: @Sendable () -> Void] = [:]

        /// Whom to wake, once nobody is awaited.
        mutating func takeWaiter() -> CheckedContinuation<EngineError?, Never>? {
            isAwaited.contains(true) ? nil : waiter.take()
        }
    }

    private let state: Guarded<State>

    init(instances: Int) {
        state = Guarded(State(isAwaited: Array(repeating: false, count: instances)))
    }

    /// What an instance shall hold of each variant, and the edition of that.
    var wanted: (models: [(any EngineModel)?], edition: Int) {
        state.withLock { ($0.models, $0.edition) }
    }

    /// Whether a variant is on the shelf.
    func has(_ variant: Int) -> Bool {
        state.withLock { $0.models.indices.contains(variant) && $0.models[variant] != nil }
    }

    /// Puts a cheaper variant on the shelf, or with `nil` takes it down, and returns when every instance has
    /// followed: with the first failure, if there was one. One caller at a time.
    ///
    /// - Parameter post: Has the instances' threads look at the shelf.
    func put(
        _ model: (any EngineModel)?, at variant: VariantIndex, post: @Sendable () -> Void
    ) async -> EngineError? {
        await withCheckedContinuation { continuation in
            state.withLock { state in
                let missing = variant.rawValue - state.models.count
                if missing >= 0 { state.models += Array(repeating: nil, count: missing + 1) }
                state.models[variant.rawValue] = model
                state.edition += 1
                state.isAwaited = state.isAwaited.map { _ in true }
                state.failure = nil
                state.waiter = continuation
            }
            post()
        }
    }

    /// An instance holds what was wanted in an edition, or could not; of an earlier one it says nothing now.
    func followed(_ instance: InstanceID, edition: Int, _ failure: EngineError? = nil) {
        var outcome: EngineError?
        let waiter = state.withLock { state -> CheckedContinuation<EngineError?, Never>? in
            guard edition == state.edition else { return nil }
            if state.isAwaited[instance.rawValue] { state.failure = state.failure ?? failure }
            state.isAwaited[instance.rawValue] = false
            outcome = state.failure
            return state.takeWaiter()
        }
        waiter?.resume(returning: outcome)
    }

    /// Remembers what gives up a variant's place in memory.
    func keep(_ release: @escaping @Sendable () -> Void, of variant: VariantIndex) {
        state.withLock { $0.releases[variant] = release }
    }

    /// Gives up a variant's place in memory, if it has one.
    func release(_ variant: VariantIndex) {
        state.withLock { $0.releases.removeValue(forKey: variant) }?()
    }

    /// Gives up all places in memory.
    func releaseAll() {
        let releases = state.withLock { state in
            defer { state.releases = [:] }
            return state.releases.values
        }
        for release in releases { release() }
    }
}
