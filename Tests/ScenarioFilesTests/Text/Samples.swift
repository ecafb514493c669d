import ScenarioFiles
import SchedulerCore
import Simulator

/// A finished scenario with round figures, as small as shows everything.
func sample(
    name: String = "sample", seeds: Int = 1, classes: Int = 2, sweep: Bool = true,
    _ change: (inout Scenario) -> Void = { _ in }
) -> FinishedScenario {
    var scenario = Scenario(name: name)
    scenario.classes = ["high", "low", "rest"].prefix(classes).map {
        ScenarioClass(name: $0, deadlineMilliseconds: $0 == "high" ? 40 : 400)
    }
    scenario.policies = [
        ScenarioPolicy(.slackAware, name: "swb"),
        ScenarioPolicy(.greedy(GreedySettings()), name: "greedy <b>"),
    ]
    scenario.arrivals = ArrivalPlan(.poisson(ratePerSecond: 12_000))
    scenario.seeds = seeds
    if sweep { scenario.sweepRatesPerSecond = [6_000, 12_000] }
    var row = ReferenceRow(name: "source", p99Milliseconds: 210)
    row.ratePerSecond = 12_000
    scenario.references = [row]
    scenario.targets = [
        ScenarioTarget(policy: "swb", figure: "latency_ms.p99", .atMost(76)),
        ScenarioTarget(policy: "greedy <b>", figure: "late_pct", .atMost(0)),
    ]
    change(&scenario)
    let reports = (0..<seeds).map { report(scenario, seed: UInt64($0 + 1)) }
    return FinishedScenario(scenario, ScenarioResult(scenario, reports))
}

private func report(_ scenario: Scenario, seed: UInt64) -> SimulationReport {
    var report = SimulationReport(scenario: scenario.name, seed: seed)
    for (index, policy) in scenario.policies.enumerated() {
        var entry = PolicyReport(name: policy.name)
        entry.figures = figures(rate: 12_000, index, seed: seed)
        for scenarioClass in scenario.classes {
            var part = ClassReport(name: scenarioClass.name)
            part.inTimePercent = index == 0 ? 99.96 : 40
            part.p99Milliseconds = 38.25
            part.offeredPerSecond = 6_000
            entry.classes.append(part)
        }
        entry.latencyCurve = [0.001, 0.1, 0.5, 0.9, 0.99, 0.999, 0.9999].map {
            LatencyPoint(quantile: $0, milliseconds: 20 + $0 * 50)
        }
        for rate in scenario.sweepRatesPerSecond {
            entry.sweep.append(
                SweepPoint(ratePerSecond: rate, figures: figures(rate: rate, index, seed: seed)))
        }
        entry.series.binSeconds = 0.1
        entry.series.queued = [1, 2, 3, 4]
        entry.series.inFlight = [1, 1, 1, 1]
        entry.series.batch = [10, 0, 30, 20]
        report.policies.append(entry)
    }
    return report
}

private func figures(rate: Double, _ index: Int, seed: UInt64) -> RunFigures {
    var figures = RunFigures()
    figures.offeredPerSecond = rate
    figures.completedPerSecond = rate
    figures.inTimePerSecond = index == 0 ? rate - 10 : rate / 2
    figures.latency.mean = 43.125
    figures.latency.p50 = 42
    figures.latency.p90 = 60.5
    figures.latency.p99 = 70 + Double(seed)
    figures.latency.p999 = 77.123456789
    figures.strictP99Milliseconds = index == 0 ? 72 : nil
    figures.inTimePercent = index == 0 ? 99.92 : 50
    figures.rejectedPercent = index == 0 ? 0.08 : 2
    figures.latePercent = index == 0 ? 0 : 48
    figures.errorPercent = index == 0 ? 0.08 : 50
    figures.meanBatch = 346
    return figures
}
