import SchedulerCore
import ServingModel
import ServingRuntime
import Testing

/// Requests that lose their slots. By the clock of these tests steps take their time and copies none, so that
/// what is taken from a slot is kept, if there is room for it.
@Suite("Keys and values kept in host memory", .timeLimit(.minutes(5)))
struct SwapTests {
    /// Room for two of six requests whose answers are all longer than the first tokens let hope.
    private func serve(
        swapBytes: Int, adjust: (inout GeneratorSpecification) -> Void = { _ in },
        _ prepare: (GeneratorHarness) -> Void = { _ in }
    ) async throws -> GeneratorHarness {
        let harness = try await GeneratorHarness.start(
            parameters: ["base_us": "100", "per_token_us": "10"], takesTime: true
        ) { specification in
            specification.keyValueTokens = 200
            specification.maxContext = 180
            specification.policy = .vllmFCFS
            specification.swapBytes = swapBytes
            adjust(&specification)
        }
        prepare(harness)
        let texts = (0..<6).map { "prompt number \($0)" }
        harness.model.close()
        let streams = try texts.map { try harness.submit($0, tokens: 60) }
        harness.model.open()
        for (text, stream) in zip(texts, streams) {
            let expected = try harness.model.expected(try harness.prompt(text), count: 60)
            #expect(await stream.collect()?.text == expected)
        }
        #expect(harness.served.statistics.cutOff == 6)
        #expect(harness.served.statistics.preemptions > 0)
        #expect(harness.served.load.keyValueTokens == 0)
        #expect(harness.served.load.swappedTokens == 0)
        return harness
    }

    @Test("What lost its slot comes back as it was, and every answer is the one that it gets alone")
    func comesBack() async throws {
        let harness = try await serve(swapBytes: 1 << 20)
        let stage = harness.model.stage.value
        #expect(harness.served.statistics.swaps > 0)
        #expect(stage.saves == Int(harness.served.statistics.swaps))
        #expect(stage.restores == stage.saves)
        await harness.served.stop()
    }

    @Test("Without room in the host nothing is copied")
    func noRoom() async throws {
        for bytes in [0, 7, 16] {
            let harness = try await serve(swapBytes: bytes)
            #expect(harness.model.stage.value.saves == 0, "\(bytes) bytes")
            #expect(harness.served.statistics.swaps == 0)
            await harness.served.stop()
        }
    }

    @Test("What cannot be saved or brought back is computed again, and nobody else notices")
    func failures() async throws {
        let cases: [(save: Bool, restore: Bool)] = [(true, false), (false, true), (true, true)]
        for (save, restore) in cases {
            let reported = Scoreboard(0)
            let harness = try await serve(
                swapBytes: 1 << 20,
                adjust: { $0.onEngineFailure = { _ in reported.update { $0 += 1 } } },
                {
                    $0.model.stage.update {
                        $0.failsToSave = save
                        $0.failsToRestore = restore
                    }
                })
            #expect(harness.served.statistics.swaps > 0)
            #expect(harness.served.statistics.failed == 0)
            #expect(harness.model.stage.value.sessions == 1)
            #expect(reported.value == 0)
            await harness.served.stop()
        }
    }

    @Test("Where copying is slower than computing, what lost its slot is computed again")
    func slowCopies() async throws {
        let harness = try await serve(swapBytes: 1 << 20) {
            $0.swap = SwapCost(base: .seconds(1), perToken: .zero, maxTokens: 1_000)
        }
        #expect(harness.model.stage.value.saves == 0)
        await harness.served.stop()
    }
}
