import Foundation
import ServingModel
import ServingRuntime

/// A clock that stands still until a test moves it. It counts its readings, so that a test can wait for
/// a thread to have got as far as reading it.
final class VirtualClock: RuntimeClock {
    private struct State: Sendable {
        var now = Instant(nanoseconds: 1_000_000_000)
        var readings = 0
    }

    private let state = Scoreboard(State())

    func now() -> Instant {
        state.update { state in
            state.readings += 1
            return state.now
        }
    }

    /// The present, without counting as a reading.
    var present: Instant { state.value.now }

    /// Readings so far.
    var readings: Int { state.value.readings }

    /// Moves the clock forward.
    func advance(by interval: Interval) {
        state.update { $0.now = $0.now + interval }
    }

    /// Returns once the clock has been read more than `readings` times.
    func isRead(after readings: Int) async {
        await state.until { $0.readings > readings }
    }
}

/// A clock that moves by 20 us with every reading, so that it never shows the same time twice. It hands
/// the processor over after some of them, to tempt events into overtaking their own time; after all of
/// them would cost a time slice each on a busy machine.
final class TickingClock: RuntimeClock {
    private let state = Scoreboard(Instant(nanoseconds: 1_000_000_000))

    func now() -> Instant {
        let now = state.update { now in
            now = now + .microseconds(20)
            return now
        }
        if now.nanoseconds / 20_000 % 8 == 0 { sched_yield() }
        return now
    }
}
