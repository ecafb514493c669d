import ServingModel
import ServingRuntime
import Testing

@Suite("The timer's thread", .timeLimit(.minutes(5)))
struct ThreadTimerTests {
    /// Counts how often it was woken, and when last.
    private final class Sleeper: Wakeable {
        struct State: Sendable {
            var count = 0
            var last = Instant.origin
        }

        let state = Scoreboard(State())

        func wake() {
            let now = MonotonicClock().now()
            state.update { state in
                state.count += 1
                state.last = now
            }
        }

        func isWoken(_ count: Int) async { await state.until { $0.count >= count } }
    }

    private let clock = MonotonicClock()
    private let timer = ThreadTimer()

    @Test("A target is woken once, not before its time")
    func once() async {
        let sleeper = Sleeper()
        let other = Sleeper()
        let time = clock.now() + .milliseconds(5)
        timer.wake(sleeper, at: time)
        timer.wake(other, at: time + .milliseconds(5))
        await other.isWoken(1)
        #expect(sleeper.state.value.count == 1)
        #expect(sleeper.state.value.last >= time)
        #expect(other.state.value.last >= time + .milliseconds(5))
    }

    @Test("A time in the past wakes at once")
    func past() async {
        let sleeper = Sleeper()
        timer.wake(sleeper, at: .origin)
        await sleeper.isWoken(1)
    }

    @Test("An earlier wish of the same target is not lost when a later one overtakes it")
    func overtaken() async {
        let sleeper = Sleeper()
        let now = clock.now()
        timer.wake(sleeper, at: now + .milliseconds(5))
        timer.wake(sleeper, at: now + .seconds(3_600))
        await sleeper.isWoken(1)
    }

    @Test("A target that is gone is forgotten, and the others are woken")
    func gone() async {
        let time = clock.now() + .milliseconds(5)
        timer.wake(Sleeper(), at: time)
        let sleeper = Sleeper()
        timer.wake(sleeper, at: time)
        await sleeper.isWoken(1)
    }

    @Test("A woken target may ask again from within")
    func again() async {
        let repeater = Repeater(timer)
        timer.wake(repeater, at: clock.now())
        await repeater.left.until { $0 == 0 }
    }

    /// Asks to be woken until it has had enough.
    private final class Repeater: Wakeable {
        let left = Scoreboard(20)
        private let timer: ThreadTimer

        init(_ timer: ThreadTimer) {
            self.timer = timer
        }

        func wake() {
            if left.update({ left in
                left -= 1
                return left > 0
            }) {
                timer.wake(self, at: MonotonicClock().now() + .microseconds(100))
            }
        }
    }

    @Test("Many threads may ask at the same time, and every target is woken")
    func manyThreads() async {
        let sleepers = (0..<12).map { _ in Sleeper() }
        let timer = timer
        await onThreads(4) { thread in
            for (index, sleeper) in sleepers.enumerated() where index % 4 == thread {
                let now = MonotonicClock().now()
                timer.wake(sleeper, at: now + .microseconds(UInt64(index * 37 % 11) * 100))
            }
        }
        for sleeper in sleepers { await sleeper.isWoken(1) }
    }

    @Test("A model's deadline passes by the real timer while its only instance is busy")
    func endToEnd() async throws {
        let model = ScriptedModel()
        let served = try await Harness.serve(model, clock: clock, timer: timer)
        let sink = RecordingSink()
        model.close()
        served.submit([Order(tag: 0, payloads: [1]).request(to: sink)])
        await model.hasBegun(1)
        let deadline = clock.now() + .milliseconds(20)
        served.submit([Order(tag: 1, payloads: [1], deadline: deadline).request(to: sink)])
        await sink.hasEnded(1)
        #expect(sink.ending(of: 1)?.error?.code == .deadlineExceeded)
        model.open()
        await served.stop()
    }
}
