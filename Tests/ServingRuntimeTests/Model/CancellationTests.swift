import ServingModel
import ServingRuntime
import Testing

@Suite("Cancellation", .timeLimit(.minutes(5)))
struct CancellationTests {
    @Test("A waiting request that is cancelled ends at once and never runs")
    func waiting() async throws {
        let harness = try await Harness.start()
        await harness.occupy()
        let request = harness.submit(Order(tag: 1, payloads: [1]))
        harness.served.cancel(request)
        #expect(harness.sink.ending(of: 1)?.error?.code == .cancelled)
        #expect(harness.served.load.queuedRequests == 0)
        harness.model.open()
        await harness.sink.hasEnded(2)
        #expect(harness.model.stage.value.runs.map(\.tags) == [[0]])
        #expect(harness.served.statistics.cancelled == 1)
        await harness.served.stop()
    }

    @Test("A running request that is cancelled completes all the same, once")
    func running() async throws {
        let harness = try await Harness.start()
        harness.model.close()
        let request = harness.submit(Order(tag: 1, payloads: [1]))
        await harness.model.hasBegun(1)
        harness.served.cancel(request)
        #expect(harness.sink.endings.isEmpty)
        harness.model.open()
        await harness.sink.hasEnded(1)
        #expect(harness.sink.ending(of: 1)?.isRight == true)
        #expect(harness.served.statistics.cancelled == 0)
        await harness.served.stop()
    }

    @Test("Cancelling again, too late or before submission changes nothing")
    func repeated() async throws {
        let harness = try await Harness.start()
        let early = Order(tag: 1, payloads: [1]).request(to: harness.sink)
        harness.served.cancel(early)
        #expect(harness.sink.endings.isEmpty)

        await harness.occupy()
        harness.served.submit([early])
        harness.served.cancel(early)
        harness.served.cancel(early)
        #expect(harness.sink.endings.count == 1)

        // The slot of the ended request now belongs to another one.
        harness.submit(Order(tag: 2, payloads: [1]))
        harness.served.cancel(early)
        harness.model.open()
        await harness.sink.hasEnded(3)
        #expect(harness.sink.ending(of: 2)?.isRight == true)
        await harness.served.stop()
        harness.served.cancel(early)
        #expect(harness.sink.endings.count == 3)
    }
}
