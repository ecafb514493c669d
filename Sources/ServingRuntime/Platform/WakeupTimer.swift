package import ServingModel

/// Who can be woken by a timer.
package protocol Wakeable: AnyObject, Sendable {
    /// The time asked for has come, or the timer fired early; asking again is up to the woken.
    func wake()
}

/// The runtime's one source of wake-ups. A virtual one serves tests.
package protocol WakeupTimer: Sendable {
    /// Wakes `target` at `time` or soon after. Until it is woken the earliest time counts that was asked
    /// for, because requests of different threads may overtake each other.
    func wake(_ target: any Wakeable, at time: Instant)
}

/// One thread that sleeps until the earliest wake-up asked for.
///
/// Targets are few (one per model version), so a linear scan is the whole bookkeeping.
package final class ThreadTimer: WakeupTimer {
    private struct Entry {
        weak var target: (any Wakeable)?
        var identity: ObjectIdentifier
        var time: Instant
    }

    private struct State {
        var entries: [Entry] = []
        var stopped = false
    }

    private let state = Guarded(State())
    private let parker = Parker()
    private let clock: any RuntimeClock

    /// Starts the thread; it lives as long as the process.
    package init(clock: any RuntimeClock = MonotonicClock()) {
        self.clock = clock
        let parker = parker
        PlatformThread.start(name: "headway-timer") { [weak self] in
            var next = Instant.distantFuture
            while true {
                parker.park(until: next)
                guard let self, let upcoming = self.fire() else { return }
                next = upcoming
            }
        }
    }

    deinit { parker.unpark() }

    package func wake(_ target: any Wakeable, at time: Instant) {
        let identity = ObjectIdentifier(target)
        let isEarliest = state.withLock { state in
            let earliest = state.entries.map(\.time).min() ?? .distantFuture
            if let index = state.entries.firstIndex(where: { $0.identity == identity }) {
                // The identity may be that of an older object in the same place.
                let isSame = state.entries[index].target != nil
                state.entries[index].time =
                    isSame ? min(state.entries[index].time, time) : time
                state.entries[index].target = target
            } else {
                state.entries.append(Entry(target: target, identity: identity, time: time))
            }
            return time < earliest
        }
        if isEarliest { parker.unpark() }
    }

    /// Wakes whoever is due and answers the next time to do so.
    private func fire() -> Instant? {
        let now = clock.now()
        let (due, next): ([any Wakeable], Instant) = state.withLock { state in
            var due: [any Wakeable] = []
            state.entries.removeAll { entry in
                guard let target = entry.target else { return true }
                guard entry.time <= now else { return false }
                due.append(target)
                return true
            }
            return (due, state.entries.map(\.time).min() ?? .distantFuture)
        }
        for target in due { target.wake() }
        // A woken target may have asked for an earlier time; the unpark it caused is remembered.
        return next
    }
}
