import ControlCore
import EngineAPI
import ServingModel
import ServingRuntime
import Testing

@Suite("Instances that are made anew", .timeLimit(.minutes(5)))
struct RenewalTests {
    @Test("An idle instance is made anew on its thread, and serves on")
    func idle() async throws {
        let done = Scoreboard<[EngineError?]>([])
        let harness = try await Harness.start(instances: 2) {
            $0.breaker = BreakerSettings()
            $0.onRenewal = { _, failure in done.update { $0.append(failure) } }
        }
        #expect(harness.served.renew(InstanceID(0)))
        await done.until { $0.count == 1 }
        #expect(done.value == [nil])
        await harness.model.stage.until { $0.made == 3 && $0.alive == 2 }
        #expect(harness.served.statistics.renewals == [1, 0])
        for tag in 1...4 { harness.submit(Order(tag: tag, payloads: [1, 2])) }
        await harness.sink.hasEnded(4)
        #expect(harness.sink.endings.allSatisfy { $0.isRight })
        await harness.served.stop()
        #expect(harness.model.stage.value.alive == 0)
    }

    @Test("A busy instance ends its batch first, and meanwhile the other one takes the work")
    func busy() async throws {
        let done = Scoreboard(0)
        let harness = try await Harness.start(instances: 2) {
            $0.onRenewal = { _, _ in done.update { $0 += 1 } }
        }
        await harness.occupy(tag: 1)
        let sick = harness.model.stage.value.runs[0].instance
        #expect(harness.served.renew(InstanceID(sick)))
        #expect(!harness.served.renew(InstanceID(1 - sick)), "one at a time")
        harness.submit(Order(tag: 2, payloads: [3]))
        await harness.model.hasBegun(2)
        #expect(harness.model.stage.value.runs[1].instance == 1 - sick)
        harness.model.letThrough(1 - sick)
        await harness.sink.hasEnded(1)
        #expect(harness.sink.ending(of: 2)?.isRight == true)
        #expect(done.value == 0 && harness.model.stage.value.made == 2)
        harness.model.open()
        await harness.sink.hasEnded(2)
        #expect(harness.sink.ending(of: 1)?.isRight == true)
        await done.until { $0 == 1 }
        await harness.model.stage.until { $0.made == 3 && $0.alive == 2 }
        await harness.served.stop()
    }

    @Test("A lone instance is spared while anybody needs it")
    func alone() async throws {
        let done = Scoreboard(0)
        let harness = try await Harness.start {
            $0.onRenewal = { _, _ in done.update { $0 += 1 } }
        }
        await harness.occupy(tag: 1)
        #expect(!harness.served.renew(InstanceID(0)))
        harness.model.open()
        await harness.sink.hasEnded(1)
        // The thread hands in the end of the batch before it answers.
        #expect(harness.served.renew(InstanceID(0)))
        await done.until { $0 == 1 }
        await harness.served.stop()
        #expect(harness.sink.ending(of: 1)?.isRight == true)
    }

    @Test("Where a new instance cannot be made, the old one serves on")
    func failing() async throws {
        let done = Scoreboard<[EngineError?]>([])
        let harness = try await Harness.start(model: ScriptedModel(failingInstance: 1)) {
            $0.onRenewal = { _, failure in done.update { $0.append(failure) } }
        }
        #expect(harness.served.renew(InstanceID(0)))
        await done.until { $0.count == 1 }
        #expect(done.value.first??.kind == .outOfMemory)
        #expect(harness.served.statistics.renewals == [0])
        harness.submit(Order(tag: 1, payloads: [1]))
        await harness.sink.hasEnded(1)
        #expect(harness.sink.ending(of: 1)?.isRight == true)
        await harness.served.stop()
    }
}
