import EngineAPI
import ServingModel
import ServingRuntime
import Testing

@Suite("Deadlines, draining and stopping of a generator", .timeLimit(.minutes(5)))
struct GeneratorLifecycleTests {
    private func failure(_ answer: GenerationUpdate?) -> ServingError? {
        if case .failed(let error) = answer?.end?.reason { error } else { nil }
    }

    @Test(
        "A request whose first token comes too late is refused when that is certain, by the timer")
    func hopeless() async throws {
        let harness = try await GeneratorHarness.start { $0.slots = 1 }
        let busy = try await harness.occupy(tokens: 4)
        let deadline = harness.clock.present + .milliseconds(100)
        let waiting = try harness.submit("waiting") { $0.firstTokenDeadline = deadline }
        let wakeup = try #require(harness.timer.pending)
        #expect(wakeup <= deadline)
        harness.clock.advance(by: .milliseconds(200))
        #expect(harness.timer.fire(at: harness.clock.present))
        #expect(failure(await waiting.collect())?.code == .deadlineExceeded)
        #expect(harness.served.statistics.rejected == 1)
        harness.model.open()
        #expect(await busy.collect()?.end?.reason == .length)
        await harness.served.stop()
    }

    @Test("A full queue refuses with a time to come back")
    func full() async throws {
        let harness = try await GeneratorHarness.start {
            $0.slots = 1
            $0.maxQueuedRequests = 1
        }
        let busy = try await harness.occupy(tokens: 4)
        let waiting = try harness.submit("waiting", tokens: 4)
        let refused = failure(await (try harness.submit("refused", tokens: 4)).collect())
        #expect(refused?.code == .overloaded)
        let later = failure(await (try harness.submit("later", tokens: 4)).collect())
        let first = try #require(refused?.retryAfter)
        let second = try #require(later?.retryAfter)
        #expect(second > first && first > .zero, "each has a turn of its own")
        harness.model.open()
        #expect(await busy.collect()?.end?.reason == .length)
        #expect(await waiting.collect()?.end?.reason == .length)
        await harness.served.stop()
    }

    @Test("Draining serves what waits, refuses what comes, and returns when the last has ended")
    func drain() async throws {
        let harness = try await GeneratorHarness.start { $0.slots = 2 }
        let busy = try await harness.occupy(tokens: 30)
        let others = try (0..<5).map { try harness.submit("other \($0)", tokens: 10) }
        let readings = harness.clock.readings
        let draining = Task { await harness.served.drain() }
        await harness.clock.isRead(after: readings)
        let late = failure(await (try harness.submit("late")).collect())
        #expect(late?.code == .notReady)
        harness.model.open()
        await draining.value
        #expect(harness.served.load.inFlight == 0)
        for stream in [busy] + others {
            #expect(await stream.collect()?.end?.reason == .length)
        }
        await harness.served.stop()
    }

    @Test("Stopping ends the thread and drops session, model and requests")
    func stop() async throws {
        for round in 0..<20 {
            var harness: GeneratorHarness? = try await GeneratorHarness.start { $0.cacheSlots = 4 }
            let stage = try #require(harness?.model.stage)
            let streams = try (0..<9).compactMap { try harness?.submit("prompt \($0)") }
            await harness?.served.stop()
            #expect(stage.value.alive == 0, "round \(round)")
            weak let served = harness?.served
            weak let model = harness?.model
            harness?.timer.forget()
            harness = nil
            #expect(served == nil, "round \(round)")
            #expect(model == nil, "round \(round)")
            for stream in streams { #expect(await stream.collect() != nil) }
        }
    }

    @Test("A second request that begins alike takes its beginning from the cache")
    func prefix() async throws {
        let harness = try await GeneratorHarness.start { $0.cacheSlots = 4 }
        let beginning = String(repeating: "The same beginning. ", count: 8)
        let first = try await harness.submit(beginning + "One", tokens: 4).collect()
        #expect(first?.end?.usage.cachedTokens == 0)
        let second = try await harness.submit(beginning + "Two", tokens: 4).collect()
        #expect((second?.end?.usage.cachedTokens ?? 0) >= 128)
        let expected = try harness.model.expected(try harness.prompt(beginning + "Two"), count: 4)
        #expect(second?.text == expected)
        #expect(harness.served.statistics.prefixHits == 1)
        #expect(harness.served.load.cachedTokens > 0)
        await harness.served.stop()
    }

    @Test("Promises kept and broken are counted for each class")
    func promises() async throws {
        let harness = try await GeneratorHarness.start()
        _ = try await harness.submit("kept", tokens: 4) {
            $0.firstTokenDeadline = harness.clock.present + .milliseconds(500)
            $0.perToken = .milliseconds(10)
        }.collect()
        harness.model.close()
        let late = try harness.submit("late", tokens: 4) {
            $0.priorityClass = ClassIndex(1)
            $0.perToken = .milliseconds(10)
            $0.firstTokenDeadline = harness.clock.present + .milliseconds(500)
        }
        let steps = harness.model.stage.value.steps
        if steps < 5 { await harness.model.stage.until { $0.steps >= 5 } }
        harness.clock.advance(by: .seconds(1))
        harness.model.open()
        _ = await late.collect()
        let classes = harness.served.statistics.classes
        #expect(classes[0].inTime == 1)
        #expect(classes[1].late == 1)
        #expect(classes[0].firstToken.count == 1)
        #expect(classes[0].betweenTokens.count == 3)
        await harness.served.stop()
    }
}
