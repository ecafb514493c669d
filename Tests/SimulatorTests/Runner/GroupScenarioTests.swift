internal import SchedulerCore
internal import Simulator
internal import Testing

@Suite("Scenarios of several models")
struct GroupScenarioTests {
    private static var scenario: Scenario {
        var scenario = Scenario(name: "shared")
        scenario.durationSeconds = 3
        scenario.warmupSeconds = 1
        scenario.devices.count = 2
        scenario.devices.memoryMB = 1_000
        scenario.models = ["wide", "left", "right"].map { ScenarioModel(name: $0) }
        for index in scenario.models.indices {
            scenario.models[index].residentMB = 300
            scenario.models[index].perItemMB = 1
            scenario.models[index].arrivals = ArrivalPlan(.poisson(ratePerSecond: 2_000))
        }
        scenario.models[0].gang = 2
        scenario.models[0].communicationMilliseconds = 0.3
        return scenario
    }

    @Test("Classes are called model/class, memory is in the series, and everybody is in time")
    func report() throws {
        let report = try ScenarioRunner(Self.scenario).run(seed: 1).policies[0]
        #expect(report.classes.map(\.name) == ["wide/default", "left/default", "right/default"])
        for entry in report.classes { #expect(entry.inTimePercent > 99.9, "\(entry.name)") }
        #expect(report.figures.offeredPerSecond > 5_500)
        let most = report.series.memoryMB.max() ?? 0
        #expect(most > 1_200 && most <= 2_000, "\(most) MB")
    }

    @Test("A seed gives one report, and a rate scales all models")
    func repeats() throws {
        var scenario = Self.scenario
        scenario.sweepRatesPerSecond = [3_000]
        let first = try ScenarioRunner(scenario).run(seed: 7)
        #expect(try ScenarioRunner(scenario).run(seed: 7) == first)
        let rate = first.policies[0].sweep[0].figures.offeredPerSecond
        #expect(abs(rate / 3_000 - 1) < 0.1)
    }

    @Test("Models that cannot be placed are refused with the reason")
    func refused() {
        var scenario = Self.scenario
        scenario.models[1].residentMB = 1_200
        #expect(throws: (any Error).self) { try ScenarioRunner(scenario).run(seed: 1) }
    }

    @Test("The advisor speaks of models whose communication is known")
    func advice() {
        let advice = Self.scenario.placementAdvice
        #expect(advice.map(\.name) == ["wide"])
        #expect(advice[0].advice.options.count == 2)
    }
}
