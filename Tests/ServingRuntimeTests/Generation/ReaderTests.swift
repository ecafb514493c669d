import EngineAPI
import ServingModel
import ServingRuntime
import Testing

@Suite("Readers of generated text", .timeLimit(.minutes(5)))
struct ReaderTests {
    /// Returns when nothing is in flight any more.
    private func idle(_ harness: GeneratorHarness) async {
        while harness.served.load.inFlight > 0, !Task.isCancelled { await Task.yield() }
    }

    @Test("A dropped stream frees its slot and its keys and values within the step in flight")
    func dropped() async throws {
        let harness = try await GeneratorHarness.start()
        var stream: GenerationStream? = try await harness.occupy(tokens: 500)
        #expect(harness.served.load.running == 1)
        let steps = harness.model.stage.value.steps
        _ = stream
        stream = nil
        harness.model.open()
        await idle(harness)
        #expect(harness.model.stage.value.steps == steps)
        #expect(harness.served.load.running == 0)
        #expect(harness.served.load.keyValueTokens == 0)
        #expect(harness.served.statistics.cancelled == 1)
        // The slot is as good as new.
        let answer = try await harness.submit("again", tokens: 8).collect()
        #expect(
            answer?.text == (try harness.model.expected(try harness.prompt("again"), count: 8)))
        await harness.served.stop()
    }

    @Test("A request that is cancelled while it waits never runs")
    func cancelledWaiting() async throws {
        let harness = try await GeneratorHarness.start { $0.slots = 1 }
        let busy = try await harness.occupy(tokens: 4)
        let waiting = try harness.submit("waiting", tokens: 4)
        #expect(harness.served.load.waiting == 1)
        waiting.cancel()
        #expect(harness.served.load.waiting == 0)
        #expect(await waiting.collect() == nil)
        harness.model.open()
        #expect(await busy.collect()?.end?.reason == .length)
        #expect(harness.served.statistics.started == 1)
        await harness.served.stop()
    }

    @Test("Cancelling the task that reads cancels the request")
    func cancelledTask() async throws {
        let harness = try await GeneratorHarness.start()
        let stream = try await harness.occupy(tokens: 500)
        let reading = Task { await stream.collect() }
        reading.cancel()
        #expect(await reading.value == nil)
        harness.model.open()
        await idle(harness)
        #expect(harness.served.statistics.cancelled == 1)
        await harness.served.stop()
    }

    @Test("A reader who does not read holds nobody up, and finds everything in one update")
    func slow() async throws {
        let harness = try await GeneratorHarness.start()
        let slow = try harness.submit("slow", tokens: 300)
        let quick = try harness.submit("quick", tokens: 300)
        #expect(await quick.collect()?.end?.reason == .length)
        await harness.served.drain()
        let iterator = slow.makeAsyncIterator()
        let update = await iterator.next()
        #expect(update?.end?.reason == .length)
        let expected = try harness.model.expected(try harness.prompt("slow"), count: 300)
        #expect(update?.text == expected)
        #expect(await iterator.next() == nil)
        await harness.served.stop()
    }

    @Test("An answer that nobody reads ends once it is larger than what is kept")
    func overfull() async throws {
        let harness = try await GeneratorHarness.start { $0.maxUnreadBytes = 64 }
        let stream = try harness.submit("unread", tokens: 900)
        await idle(harness)
        let answer = await stream.collect()
        guard case .failed(let error) = answer?.end?.reason else {
            Issue.record("ended as \(String(describing: answer?.end?.reason))")
            return
        }
        #expect(error.code == .cancelled)
        #expect((answer?.text.utf8.count ?? 0) < 80)
        #expect(harness.served.load.keyValueTokens == 0)
        await harness.served.stop()
    }

    @Test("Text comes while the answer grows, token by token")
    func incremental() async throws {
        let harness = try await GeneratorHarness.start()
        let stream = try await harness.occupy("x", tokens: 3)
        harness.model.open()
        var text = ""
        var counts: [Int] = []
        for await update in stream {
            text += update.text
            counts.append(update.generatedTokens)
        }
        #expect(counts.last == 3)
        #expect(counts == counts.sorted())
        #expect(text == (try harness.model.expected(try harness.prompt("x"), count: 3)))
        await harness.served.stop()
    }
}
