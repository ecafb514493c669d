internal import SchedulerCore
internal import Simulator
internal import Testing

@Suite("Scenarios of text generation", .serialized)
struct GenerationScenarioTests {
    /// Half a minute of the notes' traffic.
    static func scenario(
        rate: Double, keyValueTokens: Int = 300_000, _ policies: GenerationPolicy...
    ) -> Scenario {
        var scenario = Scenario(name: "text")
        scenario.durationSeconds = 30
        scenario.warmupSeconds = 5
        scenario.devices = .ofGeneratedText
        scenario.devices.noise = 0.02
        scenario.classes = ScenarioClass.ofGeneratedText
        var plan = GenerationPlan()
        plan.keyValueTokens = keyValueTokens
        plan.slots = 256
        plan.predictionError = 0.35
        scenario.generation = plan
        scenario.arrivals = ArrivalPlan(.poisson(ratePerSecond: rate))
        scenario.arrivals.lengths = .logNormal(median: 365, sigma: 1.1, range: 16...8_000)
        scenario.arrivals.outputs = .logNormal(median: 134, sigma: 0.8, range: 4...1_500)
        scenario.policies = policies.map { policy in
            var rule = GenerationRule(policy)
            rule.cachesPrefixes = false
            return ScenarioPolicy(rule)
        }
        return scenario
    }

    @Test("Beyond capacity the important class keeps its promises, which order of arrival breaks")
    func overload() throws {
        let scenario = Self.scenario(rate: 60, .slackAware, .vllmFCFS, .vllmPriority)
        let report = try ScenarioRunner(scenario).run(seed: 1)
        let swb = try #require(report.policies.first)
        let text = try #require(swb.figures.generation)
        #expect(try #require(report.figure("in_time_pct", policy: "swb", className: "high")) > 99)
        #expect(text.weightedInTimePercent > 85)
        #expect(text.perToken.p99 < 40)
        #expect(text.preemptions == 0)
        let others = report.policies.dropFirst().map(\.figures)
        for figures in others {
            #expect(figures.inTimePerSecond < swb.figures.inTimePerSecond * 0.7)
        }
    }

    @Test("With little memory requests are refused, not pre-empted")
    func memory() throws {
        let scenario = Self.scenario(rate: 40, keyValueTokens: 60_000, .slackAware)
        let report = try ScenarioRunner(scenario).run(seed: 1)
        let figures = try #require(report.policies[0].figures.generation)
        #expect(figures.preemptions <= 2)
        #expect(figures.peakKeyValuePercent > 80 && figures.peakKeyValuePercent <= 100)
        #expect(
            try #require(report.figure("in_time_pct", policy: "swb", className: "high")) > 97)
    }

    @Test("A seed gives one report, with curves, memory over time and the reasons of refusals")
    func report() throws {
        var scenario = Self.scenario(rate: 60, .slackAware)
        scenario.durationSeconds = 10
        scenario.warmupSeconds = 1
        scenario.sweepRatesPerSecond = [20]
        let first = try ScenarioRunner(scenario).run(seed: 7)
        #expect(try ScenarioRunner(scenario).run(seed: 7) == first)
        #expect(try ScenarioRunner(scenario).run(seed: 8) != first)
        let policy = first.policies[0]
        #expect(policy.firstTokenCurve.count == policy.gapCurve.count)
        #expect(policy.series.keyValueTokens.count == ScenarioRunnerFacts.bins)
        #expect((policy.series.keyValueTokens.max() ?? 0) > 1_000)
        let refused = try #require(policy.figures.generation?.rejectedByReason)
        let percent = refused.reduce(0) { $0 + $1.percent }
        #expect(abs(percent - policy.figures.rejectedPercent) < 1e-9)
        let light = try #require(policy.sweep.first?.figures.generation)
        #expect(light.weightedInTimePercent > 99.9)
    }

    @Test("What cannot be run is refused with the key that is wrong")
    func validation() {
        func key(_ change: (inout Scenario) -> Void) -> String? {
            var scenario = Self.scenario(rate: 10, .slackAware)
            change(&scenario)
            do {
                try scenario.validate()
                return nil
            } catch {
                return error.key
            }
        }
        #expect(key { _ in } == nil)
        #expect(key { $0.policies = [.slackAware] } == "policies")
        #expect(key { $0.devices.count = 2 } == "devices.count")
        #expect(key { $0.classes[1].perTokenMilliseconds = 0 } == "classes.medium.tpot_ms")
        #expect(key { $0.generation?.keyValueTokens = 0 } == "generation.kv_tokens")
        #expect(key { $0.generation = nil } == "policies")
    }
}

private enum ScenarioRunnerFacts {
    /// Bins of every series.
    static let bins = 240
}
