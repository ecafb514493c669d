import ControlCore
import EngineAPI
import SchedulerCore
import ServingModel
import ServingRuntime
import Testing
import TraceFormat

@Suite("Instances that do not work", .timeLimit(.minutes(5)))
struct BreakerTests {
    /// A model with breakers that has computed one batch, so that it knows what one costs.
    private func start(
        instances: Int = 1, _ adjust: @escaping (inout ServingSpecification) -> Void = { _ in }
    ) async throws -> Harness {
        let harness = try await Harness.start(instances: instances) {
            $0.breaker = BreakerSettings()
            adjust(&$0)
        }
        harness.submit(Order(tag: 9_999, payloads: [1]))
        await harness.sink.hasEnded(1)
        return harness
    }

    /// Moves the clock and fires the timer.
    private func pass(_ interval: Interval, _ harness: Harness) {
        harness.clock.advance(by: interval)
        #expect(harness.timer.fire(at: harness.clock.present))
    }

    private func states(_ harness: Harness) -> [BreakerPanel.Reading.State] {
        harness.served.load.instances.map(\.state)
    }

    @Test("The riders of a call that hangs are answered, once, and the other instances go on")
    func hang() async throws {
        let log = TraceLog()
        let changes = Scoreboard<[BreakerDecision]>([])
        let failures = Scoreboard<[EngineError]>([])
        let recorder = log.recorder()
        let harness = try await start(instances: 2) {
            $0.recorder = recorder
            $0.onInstanceChange = { change in changes.update { $0.append(change) } }
            $0.onEngineFailure = { failure in failures.update { $0.append(failure) } }
        }
        harness.model.close()
        harness.submit(Order(tag: 1, payloads: [1]))
        await harness.model.hasBegun(2)
        #expect(harness.timer.pending == harness.clock.present + .seconds(1))
        harness.clock.advance(by: .milliseconds(999))
        #expect(!harness.timer.fire(at: harness.clock.present))
        #expect(harness.sink.endings.count == 1, "not yet")
        pass(.milliseconds(1), harness)
        await harness.sink.hasEnded(2)
        #expect(harness.sink.ending(of: 1)?.error?.code == .engineFailed)
        #expect(states(harness) == [.open, .closed])
        #expect(changes.value == [.isolate(InstanceID(0), .stalled)])
        #expect(failures.value.count == 1)
        #expect(harness.served.load.inFlight == 0)

        // The other instance serves whatever comes.
        harness.model.letThrough(1)
        harness.model.letThrough(1)
        for tag in 2...3 {
            harness.submit(Order(tag: tag, payloads: [3]))
            await harness.sink.hasEnded(tag + 1)
            #expect(harness.sink.ending(of: tag)?.isRight == true)
        }
        #expect(harness.model.stage.value.runs.suffix(2).map(\.instance) == [1, 1])

        // The call returns; its answers are for nobody, and a trial puts the instance back to work.
        harness.model.open()
        await harness.timer.isAsked(for: harness.clock.present + .milliseconds(250))
        pass(.milliseconds(250), harness)
        #expect(states(harness) == [.halfOpen, .closed])
        harness.submit(Order(tag: 4, payloads: [5], priorityClass: 1))
        await harness.sink.hasEnded(5)
        #expect(harness.sink.ending(of: 4)?.isRight == true)
        #expect(harness.model.stage.value.runs.last?.instance == 0)
        #expect(states(harness) == [.closed, .closed])
        #expect(harness.served.statistics.failure.count == 1)
        #expect(harness.served.statistics.success.count == 4)
        await harness.served.stop()
        await recorder.finish()
        let result = try log.replay()
        #expect(result.isEqual && !result.isCut, "\(result.verdicts)")
        #expect(try log.events().contains(.probe(InstanceID(0))))
    }

    @Test(
        "A lone instance that fails is tried now and then, and everything else is refused at once")
    func loneFailure() async throws {
        let harness = try await start()
        for tag in 1...5 {
            harness.submit(Order(tag: tag, payloads: [Rows.bomb]))
            await harness.sink.hasEnded(tag + 1)
            #expect(harness.sink.ending(of: tag)?.error?.code == .engineFailed)
        }
        harness.clock.advance(by: .milliseconds(100))
        harness.submit(Order(tag: 6, payloads: [6]))
        let error = try #require(harness.sink.ending(of: 6)?.error)
        #expect(error.code == .notReady)
        #expect(error.retryAfter == .milliseconds(150))
        #expect(harness.model.stage.value.runs.count == 6)

        // A trial that fails doubles the pause.
        pass(.milliseconds(150), harness)
        harness.submit(together: [
            Order(tag: 7, payloads: [Rows.bomb]), Order(tag: 8, payloads: [8]),
        ])
        await harness.sink.hasEnded(9)
        #expect(harness.sink.ending(of: 7)?.error?.code == .engineFailed)
        #expect(harness.sink.ending(of: 8)?.error?.code == .notReady, "a trial is one request")
        await harness.timer.isAsked(for: harness.clock.present + .milliseconds(500))
        pass(.milliseconds(500), harness)
        harness.submit(Order(tag: 9, payloads: [9]))
        await harness.sink.hasEnded(10)
        #expect(harness.sink.ending(of: 9)?.isRight == true)
        #expect(states(harness) == [.closed])
        harness.submit(Order(tag: 10, payloads: [10]))
        await harness.sink.hasEnded(11)
        #expect(harness.sink.ending(of: 10)?.isRight == true)
        let reading = try #require(harness.served.load.instances.first)
        #expect(reading.isolations[.failing] == 1)
        #expect(reading.relapses == 1 && reading.recoveries == 1)
        await harness.served.stop()
    }

    @Test("Input that the engine refuses says nothing about the instance")
    func badInput() async throws {
        let harness = try await start()
        for tag in 1...20 {
            harness.submit(Order(tag: tag, payloads: [Rows.poison]))
            await harness.sink.hasEnded(tag + 1)
            #expect(harness.sink.ending(of: tag)?.error?.code == .invalidArgument)
        }
        #expect(states(harness) == [.closed])
        await harness.served.stop()
    }

    @Test("Before anything was computed a batch has a minute before it is given up")
    func unfamiliar() async throws {
        let harness = try await Harness.start { $0.breaker = BreakerSettings() }
        await harness.occupy()
        #expect(harness.timer.pending == harness.clock.present + .seconds(60))
        harness.model.open()
        await harness.sink.hasEnded(1)
        await harness.served.stop()
    }

    @Test("Unloading does not wait for a call that hangs; its thread ends when the call does")
    func stop() async throws {
        let harness = try await start()
        harness.model.close()
        let due = harness.clock.present + .milliseconds(300)
        harness.submit(Order(tag: 1, payloads: [1], deadline: due))
        await harness.model.hasBegun(2)
        pass(.seconds(1), harness)
        await harness.sink.hasEnded(2)
        #expect(harness.sink.ending(of: 1)?.error?.code == .deadlineExceeded)
        await harness.served.stop()
        #expect(harness.model.stage.value.alive == 1)
        harness.model.open()
        await harness.model.stage.until { $0.alive == 0 }
        #expect(harness.sink.endings.count == 2)
    }
}
