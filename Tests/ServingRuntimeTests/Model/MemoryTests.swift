import EngineAPI
import ServingModel
import ServingRuntime
import Testing

@Suite("What the runtime keeps alive", .timeLimit(.minutes(5)))
struct MemoryTests {
    @Test("An idle model keeps no request and no payload, however the requests ended")
    func idle() async throws {
        let alive = Scoreboard(0)
        let harness = try await Harness.start(instances: 2) { $0.maxQueuedRequests = 20 }
        harness.model.close()
        for tag in 0..<30 {
            let payload: Int32 = [1, Rows.poison, Rows.bomb, 4][tag % 4]
            let orders = [
                Order(tag: tag * 2, payloads: [payload]),
                Order(tag: tag * 2 + 1, payloads: [1, 2]),
            ]
            let requests = orders.map { $0.request(to: harness.sink, canary: Canary(alive)) }
            harness.served.submit(requests)
            if tag > 3, tag % 3 == 0 { harness.served.cancel(requests[1]) }
        }
        #expect(alive.value > 0)
        harness.model.open()
        await harness.sink.hasEnded(60)
        // The model still serves: nothing but the end of each request lets go of it.
        await alive.until { $0 == 0 }
        await harness.served.stop()
    }

    @Test("Outputs live as long as a response does, and no longer")
    func outputs() async throws {
        let harness = try await Harness.start()
        let keeper = Keeper()
        harness.served.submit([Order(tag: 1, payloads: [5]).request(to: keeper)])
        await keeper.kept.until { $0 != nil }
        await harness.served.stop()
        weak let batch = keeper.kept.value?.batch
        #expect(batch != nil)
        if let response = keeper.kept.value {
            #expect(Rows.numbers(in: response.bytes(of: 0)) == [1, 11, 6])
        }
        keeper.kept.update { $0 = nil }
        #expect(batch == nil)
    }

    /// Keeps a response and nothing else.
    private final class Keeper: CompletionSink {
        let kept = Scoreboard<InferenceResponse?>(nil)

        func complete(_ completions: [Completion]) {
            guard case .success(let response) = completions.first?.result else { return }
            kept.update { $0 = response }
        }
    }
}
