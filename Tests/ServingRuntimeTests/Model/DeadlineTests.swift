import ControlCore
import ServingModel
import ServingRuntime
import Testing

@Suite("Deadlines in the runtime", .timeLimit(.minutes(5)))
struct DeadlineTests {
    /// The latest start of one row that keeps `deadline`, by the model that nobody has taught.
    private func lastStart(before deadline: Instant) -> Instant {
        deadline - (Harness.latency.latency(rows: 1) + .microseconds(500))
    }

    @Test("A deadline that passes while all instances are busy ends the request by the timer")
    func missed() async throws {
        let harness = try await Harness.start()
        await harness.occupy()
        let deadline = harness.clock.present + .milliseconds(10)
        harness.submit(Order(tag: 1, payloads: [1], deadline: deadline))
        let hopeless = lastStart(before: deadline) + Interval(nanoseconds: 1)
        #expect(harness.timer.pending == hopeless)

        harness.clock.advance(by: harness.clock.present.interval(to: hopeless))
        #expect(harness.timer.fire(at: harness.clock.present))
        let error = try #require(harness.sink.ending(of: 1)?.error)
        #expect(error.code == .deadlineExceeded)
        #expect(harness.served.statistics.classes[0].rejected == [.deadlineMissed: 1])
        #expect(harness.timer.pending == nil)

        harness.model.open()
        await harness.sink.hasEnded(2)
        #expect(harness.sink.ending(of: 0)?.isRight == true)
        await harness.served.stop()
    }

    @Test("A timer that fires too early ends nothing and is armed again")
    func early() async throws {
        let harness = try await Harness.start()
        await harness.occupy()
        let deadline = harness.clock.present + .milliseconds(10)
        harness.submit(Order(tag: 1, payloads: [1], deadline: deadline))
        let asked = try #require(harness.timer.pending)
        #expect(harness.timer.fire(at: asked))
        #expect(harness.timer.pending == asked)
        #expect(harness.sink.endings.isEmpty)
        harness.model.open()
        await harness.sink.hasEnded(2)
        #expect(harness.sink.ending(of: 1)?.isRight == true)
        await harness.served.stop()
    }

    @Test("One timer stands for all: it is asked again only for an earlier time")
    func oneTimer() async throws {
        let harness = try await Harness.start()
        await harness.occupy()
        let now = harness.clock.present
        for (tag, milliseconds) in [50, 80, 30, 40].enumerated() {
            harness.submit(
                Order(
                    tag: tag + 1, payloads: [1],
                    deadline: now + .milliseconds(UInt64(milliseconds))))
        }
        let expected = [50, 30].map {
            lastStart(before: now + .milliseconds($0)) + Interval(nanoseconds: 1)
        }
        #expect(harness.timer.asked == expected)
        harness.model.open()
        await harness.sink.hasEnded(5)
        await harness.served.stop()
    }

    @Test("A deadline sooner than any answer could be is refused at once")
    func unreachable() async throws {
        let harness = try await Harness.start()
        harness.submit(
            Order(tag: 1, payloads: [1], deadline: harness.clock.present + .microseconds(100)))
        let error = try #require(harness.sink.ending(of: 1)?.error)
        #expect(error.code == .deadlineExceeded)
        #expect(harness.served.statistics.classes[0].rejected == [.deadlineUnreachable: 1])
        #expect(harness.model.stage.value.runs.isEmpty)
        await harness.served.stop()
    }

    @Test("An answer after the deadline counts as late, one at the deadline as in time")
    func late() async throws {
        let clock = VirtualClock()
        let model = ScriptedModel(onRun: { clock.advance(by: .milliseconds(20)) })
        let harness = try await Harness.start(model: model, clock: clock)
        harness.submit(Order(tag: 1, payloads: [1], deadline: clock.present + .milliseconds(19)))
        await harness.sink.hasEnded(1)
        harness.submit(Order(tag: 2, payloads: [1], deadline: clock.present + .milliseconds(20)))
        await harness.sink.hasEnded(2)
        #expect(harness.sink.endings.allSatisfy { $0.isRight })
        #expect(harness.served.statistics.classes[0].late == 1)
        #expect(harness.served.statistics.classes[0].inTime == 1)
        await harness.served.stop()
    }

    @Test("Whoever is let in before being handed in counts for those behind, until the next step")
    func letIn() async throws {
        let harness = try await Harness.start()
        await harness.occupy()
        let deadline = harness.clock.present + .milliseconds(20)
        let first = ClassIndex(0)
        func letIn() -> Int {
            var count = 0
            while count < 1_000, !harness.served.turnsAway(first, deadline: deadline) { count += 1 }
            return count
        }
        // Rows need 0.105 ms each; the running batch, the guard and the newcomer itself take 2.8 ms.
        let count = letIn()
        #expect((150...170).contains(count))
        #expect(letIn() == 0)
        // A lesser class waits for a more important one, not the other way round.
        #expect(harness.served.turnsAway(ClassIndex(1), deadline: deadline))
        // Nobody who was let in has come: with the next step there is room again.
        harness.submit(Order(tag: 1, payloads: [1], deadline: .distantFuture))
        #expect(letIn() == count - 1)
        harness.model.open()
        await harness.sink.hasEnded(2)
        await harness.served.stop()
    }
}
