import ServingModel
import ServingRuntime
import Testing

@Suite("Limits of the queue in the runtime", .timeLimit(.minutes(5)))
struct LimitTests {
    @Test("A full queue gives lesser work up for more important work, and refuses the rest")
    func requests() async throws {
        let harness = try await Harness.start { $0.maxQueuedRequests = 2 }
        await harness.occupy()
        harness.submit(Order(tag: 1, payloads: [1], priorityClass: 1))
        harness.submit(Order(tag: 2, payloads: [1], priorityClass: 1))
        harness.submit(Order(tag: 3, payloads: [1], priorityClass: 1))
        #expect(harness.sink.ending(of: 3)?.error?.code == .overloaded)
        harness.submit(Order(tag: 4, payloads: [1], priorityClass: 0))
        #expect(harness.sink.ending(of: 2)?.error?.code == .overloaded)
        let retry = try #require(harness.sink.ending(of: 2)?.error?.retryAfter)
        let first = try #require(harness.sink.ending(of: 3)?.error?.retryAfter)
        #expect(retry > first && first > .zero, "each has a turn of its own")
        #expect(
            harness.served.statistics.classes[1].rejected == [.queueFull: 1, .displaced: 1])
        harness.model.open()
        await harness.sink.hasEnded(5)
        #expect(harness.sink.ending(of: 1)?.isRight == true)
        #expect(harness.sink.ending(of: 4)?.isRight == true)
        await harness.served.stop()
    }

    @Test("Payload bytes count as well as requests")
    func bytes() async throws {
        let harness = try await Harness.start { $0.maxQueuedBytes = 40 }
        await harness.occupy()
        harness.submit(Order(tag: 1, payloads: [1, 2, 3]))
        #expect(harness.served.load.queuedBytes == 24)
        harness.submit(Order(tag: 2, payloads: [1, 2, 3]))
        #expect(harness.sink.ending(of: 2)?.error?.code == .overloaded)
        harness.submit(Order(tag: 3, payloads: [1, 2]))
        #expect(harness.served.load.queuedBytes == 40)
        harness.model.open()
        await harness.sink.hasEnded(4)
        #expect(harness.served.load.queuedBytes == 0)
        await harness.served.stop()
    }
}
