import EngineAPI
import ServingModel
import ServingRuntime
import Testing

@Suite("Generators whose engine fails", .timeLimit(.minutes(5)))
struct GeneratorFailureTests {
    private func failure(_ answer: GenerationUpdate?) -> ServingError? {
        if case .failed(let error) = answer?.end?.reason { error } else { nil }
    }

    @Test("A step that fails ends its riders and nobody else")
    func step() async throws {
        let reported = Scoreboard<[EngineError]>([])
        let harness = try await GeneratorHarness.start {
            $0.slots = 1
            $0.onEngineFailure = { error in reported.update { $0.append(error) } }
        }
        let rider = try await harness.occupy("rider", tokens: 8)
        let waiting = try harness.submit("waiting", tokens: 8)
        harness.model.stage.update { $0.failures = [EngineError(.failed, "a bad step")] }
        harness.model.open()
        let error = failure(await rider.collect())
        #expect(error?.code == .engineFailed)
        #expect(error?.message.contains("a bad step") == false)
        let expected = try harness.model.expected(try harness.prompt("waiting"), count: 8)
        #expect(await waiting.collect()?.text == expected)
        #expect(reported.value.map(\.message) == ["a bad step"])
        #expect(harness.served.statistics.failed == 1)
        #expect(harness.model.stage.value.sessions == 1)
        await harness.served.stop()
    }

    @Test(
        "A session whose steps fail one after the other is made anew, and those who wait are served"
    )
    func session() async throws {
        let harness = try await GeneratorHarness.start { $0.slots = 1 }
        let first = try await harness.occupy("first", tokens: 8)
        let second = try harness.submit("second", tokens: 8)
        let third = try harness.submit("third", tokens: 8)
        harness.model.stage.update {
            $0.failures = [EngineError(.failed, "one"), EngineError(.failed, "two")]
        }
        harness.model.open()
        #expect(failure(await first.collect())?.code == .engineFailed)
        #expect(failure(await second.collect())?.code == .engineFailed)
        let expected = try harness.model.expected(try harness.prompt("third"), count: 8)
        #expect(await third.collect()?.text == expected)
        #expect(harness.model.stage.value.sessions == 2)
        #expect(harness.model.stage.value.alive == 1)
        await harness.served.stop()
    }

    @Test("Without a session requests are refused, and each refusal asks for another try")
    func outage() async throws {
        let harness = try await GeneratorHarness.start { $0.slots = 1 }
        let first = try await harness.occupy("first", tokens: 8)
        let second = try harness.submit("second", tokens: 8)
        let third = try harness.submit("third", tokens: 8)
        harness.model.stage.update {
            $0.failures = [EngineError(.failed, "one"), EngineError(.failed, "two")]
            $0.outage = EngineError(.outOfMemory, "no memory")
        }
        harness.model.open()
        for stream in [first, second, third] {
            #expect(failure(await stream.collect()) != nil)
        }
        #expect(throws: ServingError.self) { try harness.submit("refused") }
        harness.model.stage.update { $0.outage = nil }
        var answer: GenerationUpdate?
        while answer == nil, !Task.isCancelled {
            // The thread may still be at its last vain try.
            answer = try? await harness.submit("served", tokens: 8).collect()
            await Task.yield()
        }
        let expected = try harness.model.expected(try harness.prompt("served"), count: 8)
        #expect(answer?.text == expected)
        #expect(harness.served.load.inFlight == 0)
        await harness.served.stop()
    }

    @Test("A step for which memory runs out is tried again, and no answer changes")
    func memory() async throws {
        let harness = try await GeneratorHarness.start(parameters: ["oom_every": "3"]) {
            $0.cacheSlots = 2
        }
        let texts = (0..<12).map { "a prompt that begins alike, number \($0)" }
        let streams = try texts.map { try harness.submit($0, tokens: 20) }
        for (text, stream) in zip(texts, streams) {
            let expected = try harness.model.expected(try harness.prompt(text), count: 20)
            #expect(await stream.collect()?.text == expected)
        }
        await harness.served.stop()
    }

    @Test("An engine with less room than it promised serves what fits, and refuses what never does")
    func lessRoom() async throws {
        let harness = try await GeneratorHarness.start(parameters: ["kv_capacity": "200"])
        let small = try await harness.submit("small", tokens: 40).collect()
        #expect(
            small?.text == (try harness.model.expected(try harness.prompt("small"), count: 40)))
        let large = try harness.submit(String(repeating: "x", count: 400), tokens: 4)
        #expect(failure(await large.collect()) != nil)
        #expect(harness.served.load.inFlight == 0)
        let again = try harness.submit("again", tokens: 4)
        #expect(await again.collect()?.end?.reason == .length)
        await harness.served.stop()
    }

    @Test(
        "Where fewer requests fit together than was promised, all are served, and few lose their places"
    )
    func lessRoomTogether() async throws {
        // Each holds up to 75 tokens: two fit, six were promised.
        let harness = try await GeneratorHarness.start(parameters: ["kv_capacity": "200"])
        let texts = (0..<6).map { "prompt number \($0)" }
        harness.model.close()
        let streams = try texts.map { try harness.submit($0, tokens: 60) }
        harness.model.open()
        for (text, stream) in zip(texts, streams) {
            let expected = try harness.model.expected(try harness.prompt(text), count: 60)
            #expect(await stream.collect()?.text == expected)
        }
        let statistics = harness.served.statistics
        #expect(statistics.cutOff == 6 && statistics.failed == 0 && statistics.rejected == 0)
        #expect((1...12).contains(statistics.preemptions), "\(statistics.preemptions)")
        await harness.served.stop()
    }

    @Test("A request whose token cannot be picked fails alone")
    func sampling() async throws {
        let harness = try await GeneratorHarness.start()
        harness.model.stage.update { $0.samplingFailure = EngineError(.failed, "no token left") }
        let first = try harness.submit("first", tokens: 8)
        #expect(failure(await first.collect())?.code == .engineFailed)
        let second = try harness.submit("second", tokens: 8)
        #expect(await second.collect()?.end?.reason == .length)
        #expect(harness.served.statistics.failed == 1)
        await harness.served.stop()
    }

    @Test("A session that cannot be made is an error of the start")
    func start() async throws {
        let model = try FaultyGenerator()
        model.stage.update { $0.outage = EngineError(.outOfMemory, "no memory") }
        await #expect(throws: EngineError.self) {
            _ = try await ServedGenerator.start(
                GeneratorSpecification(name: "m", engine: "synthetic"), model: model,
                timer: ManualTimer())
        }
    }
}
