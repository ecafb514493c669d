internal import SchedulerCore
internal import ServingModel
internal import Simulator
internal import Testing

@Suite("The load of text generation")
struct GenerationLoadTests {
    private static func scenario() -> Scenario {
        var scenario = Scenario(name: "load")
        scenario.durationSeconds = 100
        scenario.classes = ScenarioClass.ofGeneratedText
        scenario.arrivals = ArrivalPlan(.poisson(ratePerSecond: 40))
        scenario.arrivals.lengths = .logNormal(median: 365, sigma: 1.1, range: 16...8_000)
        scenario.arrivals.outputs = .logNormal(median: 134, sigma: 0.8, range: 4...1_500)
        scenario.arrivals.prefixes = SharedPrefixes(
            count: 40, share: 0.5, tokens: .uniform(100...500))
        return scenario
    }

    private static func requests(
        _ scenario: Scenario, _ plan: GenerationPlan = GenerationPlan(), seed: UInt64 = 1
    ) -> [(arrival: GenerationArrival, newTokens: Int)] {
        GenerationLoad(scenario, plan, Seeded(seed)).compactMap { stimulus in
            guard case .arrive(let arrival, let newTokens) = stimulus.kind else { return nil }
            return (arrival, newTokens)
        }
    }

    @Test("Means, shares and promises are those of the plan")
    func distribution() {
        let all = Self.requests(Self.scenario())
        let count = Double(all.count)
        #expect(abs(count / 4_000 - 1) < 0.05)
        let prompts = all.reduce(0) { $0 + Double($1.arrival.promptTokens) } / count
        let outputs = all.reduce(0) { $0 + Double($1.newTokens) } / count
        #expect((580...680).contains(prompts), "\(prompts)")
        #expect((175...195).contains(outputs), "\(outputs)")
        #expect(all.allSatisfy { $0.arrival.maxNewTokens == 1_500 })
        let high = all.filter { $0.arrival.priorityClass == ClassIndex(0) }
        #expect(abs(Double(high.count) / count - 0.3) < 0.03)
        #expect(high.allSatisfy { $0.arrival.perToken == .milliseconds(40) })
    }

    @Test("Half of the prompts begin like others, by whole blocks, and never beyond the prefix")
    func prefixes() {
        let all = Self.requests(Self.scenario()).map(\.arrival)
        var owners: [UInt64: Int] = [:]
        for arrival in all {
            #expect(arrival.prefix.blocks.count == arrival.promptTokens / 16)
            for block in arrival.prefix.blocks { owners[block, default: 0] += 1 }
        }
        let long = all.filter { $0.promptTokens >= 600 }
        let sharing = long.filter { owners[$0.prefix.blocks[0]] ?? 0 > 1 }
        #expect(abs(Double(sharing.count) / Double(long.count) - 0.5) < 0.05)
        for arrival in sharing {
            let shared = arrival.prefix.blocks.prefix { owners[$0] ?? 0 > 1 }
            #expect((100 / 16...500 / 16).contains(shared.count))
            #expect(arrival.prefix.blocks.dropFirst(shared.count).allSatisfy { owners[$0] == 1 })
        }
    }

    @Test(
        "A prediction is off by the log-normal error that was asked for, and none is made without")
    func predictions() {
        #expect(
            Self.requests(Self.scenario()).allSatisfy { $0.arrival.predictedNewTokens == nil })
        var plan = GenerationPlan()
        plan.predictionError = 0.35
        let ratios = Self.requests(Self.scenario(), plan).filter { $0.newTokens > 50 }.map {
            Double($0.arrival.predictedNewTokens ?? 0) / Double($0.newTokens)
        }.sorted()
        let median = ratios[ratios.count / 2]
        let upper = ratios[ratios.count * 84 / 100]
        #expect(abs(median - 1) < 0.05, "\(median)")
        // One deviation above the median of a log-normal factor.
        #expect(abs(upper / 1.419 - 1) < 0.06, "\(upper)")
    }

    @Test("A setting of one purpose does not move the others, and a seed gives one load")
    func independence() {
        var other = Self.scenario()
        other.arrivals.outputs = .fixed(7)
        other.arrivals.prefixes = nil
        let left = Self.requests(Self.scenario())
        let right = Self.requests(other)
        #expect(left.map(\.arrival.promptTokens) == right.map(\.arrival.promptTokens))
        #expect(left.map(\.arrival.firstTokenDeadline) == right.map(\.arrival.firstTokenDeadline))
        #expect(right.allSatisfy { $0.newTokens == 7 })
        #expect(Self.requests(other).map(\.arrival) == right.map(\.arrival))
        #expect(Self.requests(other, seed: 2).map(\.arrival) != right.map(\.arrival))
    }

    @Test("Recorded requests bring their tokens, and equal recorded blocks are equal prefixes")
    func recorded() {
        var records: [RecordedArrival] = []
        for (index, blocks) in [[7, 8, 9], [7, 8, 10], [11]].enumerated() {
            var record = RecordedArrival(milliseconds: Double(index))
            record.length = [1_100, 1_200, 40][index]
            record.outputTokens = [5, 6, 900][index]
            record.blocks = blocks.map { UInt64($0) }
            records.append(record)
        }
        var trace = TracePlan()
        trace.records = records
        var scenario = Self.scenario()
        scenario.arrivals = ArrivalPlan(.trace(trace))
        let all = Self.requests(scenario)
        #expect(all.map(\.arrival.promptTokens) == [1_100, 1_200, 40])
        #expect(all.map(\.newTokens) == [5, 6, 900])
        #expect(all.allSatisfy { $0.arrival.maxNewTokens == 900 })
        let chains = all.map(\.arrival.prefix.blocks)
        #expect(chains.map(\.count) == [68, 75, 2])
        // Two recorded blocks of 512 tokens are 64 blocks of 16.
        let common = zip(chains[0], chains[1]).prefix { $0 == $1 }.count
        #expect(common == 64)
        #expect(Set(chains[2]).isDisjoint(with: chains[0]))
    }

    @Test(
        "A recording becomes a scenario if it tells how long answers were, with room for its longest"
    )
    func recordedScenario() throws {
        var record = RecordedArrival(milliseconds: 1)
        record.length = 400_000
        var trace = TracePlan()
        trace.records = [record]
        #expect(Scenario.generating(.trace(trace), name: "x") == nil)
        #expect(Scenario.generating(.poisson(ratePerSecond: 1), name: "x") == nil)
        trace.records[0].outputTokens = 10
        let scenario = try #require(Scenario.generating(.trace(trace), name: "x"))
        #expect(scenario.generation?.maxContext == 400_020)
        #expect(scenario.generation?.keyValueTokens == 400_020)
        try scenario.validate()
    }
}
