internal import SchedulerCore
internal import Simulator
internal import Testing

@Suite("Scenarios of text beside batches", .serialized)
struct SharedScenarioTests {
    private func scenario() -> Scenario {
        var scenario = GenerationScenarioTests.scenario(rate: 15, .slackAware)
        scenario.durationSeconds = 12
        scenario.warmupSeconds = 2
        var embeddings = CompanionModel(name: "embeddings")
        embeddings.devices.baseMilliseconds = 3
        embeddings.devices.perItemMilliseconds = 0.15
        embeddings.classes = [ScenarioClass(name: "query", deadlineMilliseconds: 60)]
        embeddings.arrivals = ArrivalPlan(.poisson(ratePerSecond: 300))
        scenario.generation?.companions = [embeddings]
        scenario.policies = DeviceTurns.Rule.allCases.map { rule in
            var text = GenerationRule(.slackAware)
            text.sharing = rule
            return ScenarioPolicy(text, name: rule.rawValue)
        }
        return scenario
    }

    @Test(
        "Turns by claims keep the promises of both; batches first keep only their own, steps first starve them"
    )
    func rules() throws {
        let report = try ScenarioRunner(scenario()).run(seed: 3)
        func inTime(_ policy: String, _ name: String) throws -> Double {
            let entry = try #require(report.policies.first { $0.name == policy })
            return try #require(entry.classes.first { $0.name == name }).inTimePercent
        }
        #expect(try inTime("claims", "embeddings/query") > 99)
        #expect(try inTime("claims", "high") > 99)
        #expect(try inTime("batches_first", "embeddings/query") > 99)
        #expect(try inTime("steps_first", "embeddings/query") < 60)
    }

    @Test("A run is the same twice, and without other models it is that of text alone")
    func determinism() throws {
        var scenario = scenario()
        scenario.policies.removeLast(2)
        #expect(
            try ScenarioRunner(scenario).run(seed: 1) == ScenarioRunner(scenario).run(seed: 1))
        scenario.generation?.companions[0].arrivals = ArrivalPlan(.poisson(ratePerSecond: 1e-6))
        let beside = try ScenarioRunner(scenario).run(seed: 1)
        scenario.generation?.companions = []
        let alone = try ScenarioRunner(scenario).run(seed: 1)
        #expect(
            beside.policies[0].figures.generation?.firstToken
                == alone.policies[0].figures.generation?.firstToken)
    }
}
