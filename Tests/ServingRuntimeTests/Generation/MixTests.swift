import EngineAPI
import SchedulerCore
import ServingModel
import ServingRuntime
import Testing

@Suite("Answers in random company", .serialized, .timeLimit(.minutes(5)))
struct MixTests {
    /// One random world.
    private struct World {
        var random: SeededGenerator
        var specification: @Sendable (inout GeneratorSpecification) -> Void
        var prompts: [[Int32]]

        init(seed: Int) {
            var random = SeededGenerator(seed: seed)
            let slots = Int.random(in: 1...8, using: &random)
            let cacheSlots = Int.random(in: 0...4, using: &random)
            let room = Int.random(in: 130...260, using: &random)
            let stepTokens = Int.random(in: 64...112, using: &random)
            let policies: [GenerationPolicy] = [
                .slackAware, .slackAware, .vllmFCFS, .vllmPriority, .vllmV0, .sarathi(chunk: 16),
                .orca, .staticBatch(size: 4),
            ]
            let policy = policies[Int.random(in: 0..<policies.count, using: &random)]
            let swaps = random.chance(percent: 50)
            specification = { specification in
                specification.slots = slots
                specification.cacheSlots = cacheSlots
                specification.keyValueTokens = room
                specification.maxContext = 128
                specification.maxStepTokens = stepTokens
                specification.policy = policy
                if swaps {
                    specification.swap = SwapCost(base: .zero, perToken: .zero, maxTokens: 400)
                }
            }
            let beginnings = (0..<3).map { _ in
                (0..<Int.random(in: 16...64, using: &random)).map { _ in
                    Int32.random(in: 0..<256, using: &random)
                }
            }
            prompts = (0..<24).map { _ in
                let shared =
                    random.chance(percent: 70)
                    ? beginnings[Int.random(in: 0..<3, using: &random)] : []
                let own = (0..<Int.random(in: 1...24, using: &random)).map { _ in
                    Int32.random(in: 0..<256, using: &random)
                }
                return shared + own
            }
            self.random = random
        }
    }

    /// What all worlds together must have seen, else the test shows nothing.
    private static let seen = Scoreboard((preemptions: UInt64(0), hits: UInt64(0)))

    @Test("An answer is the same alone and in any company, however it was cut", arguments: 0..<120)
    func sameText(seed: Int) async throws {
        var world = World(seed: seed)
        let harness = try await GeneratorHarness.start(
            parameters: ["end_every": "40"], adjust: world.specification)
        var streams: [(prompt: [Int32], count: Int, stream: GenerationStream)] = []
        for prompt in world.prompts {
            let count = Int.random(in: 1...40, using: &world.random)
            let request = GenerationRequest(
                prompt: prompt, maxNewTokens: count,
                priorityClass: ClassIndex(Int.random(in: 0...3, using: &world.random)))
            streams.append((prompt, count, try harness.served.submit(request)))
            if world.random.chance(percent: 20) { await Task.yield() }
        }
        for (prompt, count, stream) in streams {
            let answer = await stream.collect()
            let expected = try harness.model.expected(prompt, count: count)
            #expect(answer?.text == expected, "seed \(seed)")
        }
        let statistics = harness.served.statistics
        #expect(statistics.stopped + statistics.cutOff == 24, "seed \(seed)")
        #expect(harness.served.load.inFlight == 0)
        #expect(harness.served.load.running == 0)
        #expect(harness.served.load.waitingByClass == [0, 0, 0])
        Self.seen.update {
            $0.preemptions += statistics.preemptions
            $0.hits += statistics.prefixHits
        }
        await harness.served.stop()
        if seed == 119 {
            #expect(Self.seen.value.preemptions > 20)
            #expect(Self.seen.value.hits > 100)
        }
    }

    @Test("Two hundred requests at once all get their own answers")
    func twoHundred() async throws {
        let harness = try await GeneratorHarness.start { specification in
            specification.slots = 32
            specification.cacheSlots = 8
        }
        try await withThrowingTaskGroup(of: Bool.self) { group in
            for index in 0..<200 {
                group.addTask {
                    let text = "Request number \(index) of two hundred"
                    let tokens = 1 + index % 50
                    let answer = try await harness.submit(text, tokens: tokens).collect()
                    return try answer?.text
                        == harness.model.expected(harness.prompt(text), count: tokens)
                }
            }
            var right = 0
            for try await isRight in group where isRight { right += 1 }
            #expect(right == 200)
        }
        let statistics = harness.served.statistics
        #expect(statistics.cutOff == 200)
        #expect(statistics.generatedTokens == (0..<200).reduce(0) { $0 + UInt64(1 + $1 % 50) })
        await harness.served.stop()
    }
}
