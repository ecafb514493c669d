internal import ControlCore
package import ServingModel
internal import ServingRuntime
internal import Synchronization

/// Watches the memory of the process, and has instances made anew whose engines keep ever more of it.
package final class MemoryWatch: Sendable {
    private struct State: Sendable {
        var trend = MemoryTrend()
        var hunt: LeakHunt?
        /// Of the catalog, when the trend began.
        var generation = 0
    }

    private let catalog: ModelCatalog
    private let state: Mutex<State>

    /// A watch over the models of `catalog`.
    ///
    /// - Parameter bound: Growth in bytes from which on instances are made anew; 0 for never.
    package init(catalog: ModelCatalog, bound: UInt64 = 0) {
        self.catalog = catalog
        state = Mutex(State(hunt: bound > 0 ? LeakHunt(bound: bound) : nil))
    }

    /// How fast memory grows that only grows, in bytes for each second; 0 while it does not.
    package var growth: Double { state.withLock { $0.trend.bytesPerSecond } }

    /// Takes a reading; called about once a second.
    package func note(resident: UInt64, at now: Instant) {
        let suspect = state.withLock { state -> LeakHunt.Suspect? in
            // Models that come or go set another level.
            if state.generation != catalog.generation {
                state.generation = catalog.generation
                state.trend.restart()
            }
            state.trend.note(bytes: resident, at: now)
            // Nobody is asked who works how much while nothing grows.
            guard state.hunt?.isIdle == false || state.trend.isGrowing else { return nil }
            return state.hunt?.suspect(
                resident: resident, state.trend, among: candidates, at: now)
        }
        guard let suspect, renew(suspect) else { return }
        state.withLock { state in
            state.hunt?.began(suspect, resident: resident, rise: state.trend.rise, at: now)
            state.trend.restartAfterRelief()
        }
    }

    private var candidates: [LeakHunt.Candidate] {
        catalog.serving.flatMap { model -> [LeakHunt.Candidate] in
            guard case .tensors(let handle) = model else { return [] }
            return handle.served.statistics.busy.enumerated().map { number, busy in
                LeakHunt.Candidate(
                    LeakHunt.Suspect(model: model.name, version: model.version, instance: number),
                    busy: busy)
            }
        }
    }

    private func renew(_ suspect: LeakHunt.Suspect) -> Bool {
        for case .tensors(let handle) in catalog.serving
        where handle.interface.name == suspect.model && handle.interface.version == suspect.version
        {
            return handle.served.renew(InstanceID(suspect.instance))
        }
        return false
    }
}
