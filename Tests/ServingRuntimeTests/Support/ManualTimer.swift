import ServingModel
import ServingRuntime

/// A timer that fires when the test says so.
final class ManualTimer: WakeupTimer {
    private struct State: Sendable {
        var target: (any Wakeable)?
        var asked: [Instant] = []
        var pending: Instant?
    }

    private let state = Scoreboard(State())

    func wake(_ target: any Wakeable, at time: Instant) {
        state.update { state in
            state.target = target
            state.asked.append(time)
            state.pending = min(state.pending ?? time, time)
        }
    }

    /// All times that were asked for.
    var asked: [Instant] { state.update { $0.asked } }

    /// Returns once somebody wants to be woken at `time`.
    func isAsked(for time: Instant) async { await state.until { $0.pending == time } }

    /// The time at which the timer would fire next.
    var pending: Instant? { state.update { $0.pending } }

    /// Fires when a wake-up is due at `now`; answers whether it did.
    @discardableResult
    func fire(at now: Instant) -> Bool {
        let target = state.update { state -> (any Wakeable)? in
            guard let pending = state.pending, pending <= now else { return nil }
            state.pending = nil
            return state.target
        }
        target?.wake()
        return target != nil
    }

    /// Lets go of the target.
    func forget() {
        state.update { $0.target = nil }
    }
}
