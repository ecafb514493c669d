import ControlCore
import SchedulerCore
import ServingModel
import ServingRuntime
import Testing
import TraceFormat

@Suite("Health rules in the runtime", .timeLimit(.minutes(5)))
struct HealthRuleTests {
    private func settings(isDryRun: Bool = false) -> HealthSettings {
        var settings = HealthSettings()
        settings.isDryRun = isDryRun
        return settings
    }

    @Test("Short memory ends what waits too much, is recorded, and replays")
    func memory() async throws {
        let log = TraceLog()
        let recorder = log.recorder()
        let changes = Scoreboard<[HealthChange]>([])
        let health = settings()
        let harness = try await Harness.start(maxBatchSize: 4) {
            $0.recorder = recorder
            $0.health = health
            $0.onHealthChange = { change in changes.update { $0.append(change) } }
        }
        await harness.occupy()
        for tag in 1...10 { harness.submit(Order(tag: tag, payloads: [1], priorityClass: 1)) }
        harness.served.tend(memory: 0.95)
        #expect(changes.value == [HealthChange(.memory, .requests(8), figure: 0.95)])
        await harness.sink.hasEnded(2)
        #expect(harness.sink.endings.allSatisfy { $0.error?.code == .overloaded })
        #expect(harness.served.load.queuedRequests == 8)
        #expect(harness.served.load.health?.mostRequests == 8)
        harness.submit(Order(tag: 11, payloads: [1], priorityClass: 1))
        #expect(harness.sink.ending(of: 11)?.error?.code == .overloaded)

        harness.served.tend(memory: 0.5)
        #expect(changes.value.count == 1, "not within a second")
        harness.clock.advance(by: .milliseconds(1_000))
        harness.served.tend(memory: 0.5)
        #expect(changes.value.last?.decision == .requests(9))
        #expect(harness.served.load.health?.changes[.memory] == 2)
        harness.model.open()
        await harness.served.stop()
        await recorder.finish()
        let result = try log.replay()
        #expect(result.isEqual && !result.isCut, "\(result.verdicts)")
        let events = try log.events()
        #expect(events.contains(.queueLimited(requests: 8)))
        #expect(events.contains(.queueLimited(requests: 9)))
    }

    @Test("A dry run tells, and changes nothing")
    func dryRun() async throws {
        let changes = Scoreboard<[HealthChange]>([])
        let health = settings(isDryRun: true)
        let harness = try await Harness.start(maxBatchSize: 4) {
            $0.health = health
            $0.onHealthChange = { change in changes.update { $0.append(change) } }
        }
        await harness.occupy()
        for tag in 1...10 { harness.submit(Order(tag: tag, payloads: [1], priorityClass: 1)) }
        harness.served.tend(memory: 0.95)
        #expect(changes.value.map(\.decision) == [.requests(8)])
        let load = harness.served.load
        #expect(load.queuedRequests == 10)
        #expect(load.health?.isDryRun == true)
        #expect(load.health?.mostRequests == 16_384)
        harness.model.open()
        await harness.served.stop()
    }

    @Test("Without rules a sample is nothing, and a load tells of none")
    func none() async throws {
        let harness = try await Harness.start()
        harness.served.tend(memory: 2)
        #expect(harness.served.load.health == nil)
        await harness.served.stop()
    }
}
