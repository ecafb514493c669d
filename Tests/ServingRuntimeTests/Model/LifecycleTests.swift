import EngineAPI
import ServingModel
import ServingRuntime
import Testing

@Suite("Starting, draining and stopping a served model", .timeLimit(.minutes(5)))
struct LifecycleTests {
    @Test("Draining serves what waits, refuses what comes, and returns when the last has ended")
    func drain() async throws {
        let harness = try await Harness.start()
        await harness.occupy()
        for tag in 1...5 { harness.submit(Order(tag: tag, payloads: [1])) }
        let readings = harness.clock.readings
        let draining = Task { await harness.served.drain() }
        // Drain reads the clock under the lock that the next submission waits for.
        await harness.clock.isRead(after: readings)
        harness.submit(Order(tag: 6, payloads: [1]))
        #expect(harness.sink.ending(of: 6)?.error?.code == .notReady)
        #expect(harness.sink.endings.count == 1)
        harness.model.open()
        await draining.value
        #expect(harness.sink.endings.count == 7)
        #expect(harness.sink.endings.filter(\.isRight).count == 6)
        await harness.served.stop()
    }

    @Test("Draining does not return while a sink is still being told of an end", arguments: 0..<20)
    func drainAndSinks(round: Int) async throws {
        let harness = try await Harness.start()
        let sink = SlowSink()
        harness.served.submit([Order(tag: 1, payloads: [1]).request(to: sink)])
        await sink.state.until { $0.isCalled }
        // All of the instance's own readings are over, so the next one is drain's.
        let readings = harness.clock.readings
        let draining = Task {
            await harness.served.drain()
            sink.state.update { $0.events.append("drained") }
        }
        await harness.clock.isRead(after: readings)
        _ = harness.served.load
        await Task.yield()
        sink.state.update { $0.mayReturn = true }
        await draining.value
        #expect(sink.state.value.events == ["told", "drained"])
        await harness.served.stop()
    }

    /// A sink that returns when the test allows it.
    private final class SlowSink: CompletionSink {
        struct State: Sendable {
            var isCalled = false
            var mayReturn = false
            var events: [String] = []
        }

        let state = Scoreboard(State())

        func complete(_ completions: [Completion]) {
            state.update { $0.isCalled = true }
            state.wait(until: { $0.mayReturn }) { $0.events.append("told") }
        }
    }

    @Test("Stopping ends the threads and drops the instances and the model they came from")
    func stop() async throws {
        for round in 0..<20 {
            var harness: Harness? = try await Harness.start(instances: 3)
            let stage = try #require(harness?.model.stage)
            harness?.submit(together: (0..<9).map { Order(tag: $0, payloads: [1]) })
            #expect(stage.value.alive == 3)
            await harness?.served.stop()
            #expect(stage.value.alive == 0, "round \(round)")
            weak let served = harness?.served
            weak let model = harness?.model
            harness?.timer.forget()
            harness = nil
            #expect(served == nil, "round \(round)")
            #expect(model == nil, "round \(round)")
        }
    }

    @Test("Stopping twice at the same time, and submitting afterwards, is harmless")
    func stopTwice() async throws {
        let harness = try await Harness.start(instances: 2)
        harness.submit(together: (0..<4).map { Order(tag: $0, payloads: [1]) })
        async let first: Void = harness.served.stop()
        async let second: Void = harness.served.stop()
        _ = await (first, second)
        #expect(harness.sink.endings.count == 4)
        harness.submit(Order(tag: 9, payloads: [1]))
        #expect(harness.sink.ending(of: 9)?.error?.code == .notReady)
        await harness.served.drain()
    }

    @Test(
        "An instance that cannot be made fails the start and ends the others' threads",
        arguments: [0, 1, 3])
    func failedStart(failing: Int) async throws {
        let model = ScriptedModel(failingInstance: failing)
        let expected = EngineError(.outOfMemory, "no room for instance \(failing)")
        await #expect(throws: expected) {
            _ = try await Harness.start(model: model, instances: 4)
        }
        #expect(model.stage.value.made == failing + 1)
        #expect(model.stage.value.alive == 0)
    }
}
