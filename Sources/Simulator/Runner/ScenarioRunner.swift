internal import SchedulerCore
internal import ServingModel

/// Runs the policies of a scenario, seed after seed, each on the same arrivals.
///
/// A run is determined by the scenario and the seed. Arrivals, classes, sizes, clients that give up and each
/// device's noise have random streams of their own: policies differ in nothing but their decisions.
package struct ScenarioRunner: Sendable {
    /// How far a run is.
    package struct Progress: Sendable, Equatable {
        /// Part of all the work that is done, from 0 to 1.
        package var fraction: Double
        /// The policy that runs.
        package var policy: String
        /// The seed.
        package var seed: UInt64
    }

    /// The scenario.
    package let scenario: Scenario

    /// Most bins of a series.
    static let bins = 240

    /// A runner of `scenario`.
    package init(_ scenario: Scenario) {
        self.scenario = scenario
    }

    /// Runs every seed and judges the targets. `progress` is told about once for each percent of a run.
    package func run(progress: (Progress) -> Void = { _ in }) throws -> ScenarioResult {
        var reports: [SimulationReport] = []
        let seeds = max(scenario.seeds, 1)
        for index in 0..<seeds {
            let report = try run(seed: scenario.seed &+ UInt64(index)) { part in
                var whole = part
                whole.fraction = (Double(index) + part.fraction) / Double(seeds)
                progress(whole)
            }
            reports.append(report)
        }
        return ScenarioResult(scenario, reports)
    }

    /// Runs every policy with one seed.
    package func run(
        seed: UInt64, progress: (Progress) -> Void = { _ in }
    ) throws -> SimulationReport {
        try scenario.validate()
        var report = SimulationReport(scenario: scenario.name, seed: seed)
        for (index, policy) in scenario.policies.enumerated() {
            let entry = try run(policy, seed: seed) { part in
                let done = (Double(index) + part) / Double(scenario.policies.count)
                progress(Progress(fraction: done, policy: policy.name, seed: seed))
            }
            report.policies.append(entry)
        }
        if scenario.comparesWithOptimum { addOptimum(to: &report) }
        report.repeatedInputsPercent = repeatedInputs(seed: seed)
        return report
    }

    // MARK: One policy

    private func run(
        _ policy: ScenarioPolicy, seed: UInt64, progress: (Double) -> Void
    ) throws -> PolicyReport {
        var entry = PolicyReport(name: policy.name)
        let sweep = scenario.sweepRatesPerSecond
        let searches = scenario.search == nil ? 0.0 : 8.0
        let work = Double(1 + sweep.count) + searches
        let main = try run(policy, rate: nil, seed: seed, bins: Self.bins) { progress($0 / work) }
        entry.fill(from: main, scenario)
        for (index, rate) in sweep.enumerated() {
            let run = try run(policy, rate: rate, seed: seed) {
                progress((1 + Double(index) + $0) / work)
            }
            entry.sweep.append(SweepPoint(ratePerSecond: rate, figures: run.figures))
        }
        if let search = scenario.search {
            entry.maxRatePerSecond = try highestRate(search) { rate in
                let run = try run(policy, rate: rate, seed: seed) { _ in }
                return run.figures.figure(search.figure) ?? .infinity
            }
        }
        progress(1)
        return entry
    }

    /// Factor on all rates that makes their mean `rate` per second.
    private func factor(for rate: Double) -> Double {
        let plans = scenario.models.isEmpty ? [scenario.arrivals] : scenario.models.map(\.arrivals)
        let mean = plans.reduce(0) {
            $0 + $1.meanRatePerSecond(over: scenario.durationSeconds)
        }
        return rate / mean
    }

    private func run(
        _ policy: ScenarioPolicy, rate: Double?, seed: UInt64, bins: Int = 0,
        progress: (Double) -> Void
    ) throws -> CompletedRun {
        let random = Seeded(seed)
        let factor = rate.map { self.factor(for: $0) } ?? 1
        guard scenario.models.isEmpty else {
            return try GroupScenarioRun(scenario, policy).run(
                random, rateFactor: factor, bins: bins, progress: progress)
        }
        let arrivals = rate == nil ? scenario.arrivals : scenario.arrivals.scaled(by: factor)
        if let plan = scenario.generation {
            return try GenerationRun(scenario, plan, policy).run(
                arrivals, random, bins: bins, progress: progress)
        }
        return try SingleModelRun(scenario, policy).run(
            arrivals, random, bins: bins, progress: progress)
    }

    /// Bisection; see ``RateSearch``.
    private func highestRate(
        _ search: RateSearch, _ figure: (Double) throws -> Double
    ) throws -> Double? {
        guard try figure(search.lowPerSecond) <= search.atMost else { return nil }
        guard try figure(search.highPerSecond) > search.atMost else { return search.highPerSecond }
        var low = search.lowPerSecond
        var high = search.highPerSecond
        while high - low > search.resolutionPerSecond {
            let middle = (low + high) / 2
            if try figure(middle) <= search.atMost { low = middle } else { high = middle }
        }
        return low
    }

    // MARK: Besides the policies

    private func repeatedInputs(seed: UInt64) -> Double? {
        guard let popular = scenario.arrivals.popular else { return nil }
        let load = ScenarioLoad(
            scenario.arrivals, classes: scenario.classes, faults: FaultPlan(),
            seconds: scenario.durationSeconds, maxRequests: scenario.maxRequests,
            Seeded(seed).split("load"))
        let requests = load.reduce(0) { count, _ in count + 1 }
        var repeated = RepeatedInputs(popular, Seeded(seed).split("popular"))
        return requests == 0
            ? 0 : Double(repeated.count(of: requests)) / Double(requests) * 100
    }

    private func addOptimum(to report: inout SimulationReport) {
        let load = ScenarioLoad(
            scenario.arrivals, classes: scenario.classes, faults: FaultPlan(),
            seconds: scenario.durationSeconds, maxRequests: scenario.maxRequests,
            Seeded(report.seed).split("load"))
        let optimum = ClairvoyantOptimum(
            device: DeviceModel(scenario.devices), arrivals: load.compactMap(\.arrival),
            maxBatch: scenario.limits.maxBatch)
        report.optimumInTimePercent = optimum.servedShare * 100
        for index in report.policies.indices where optimum.servedShare > 0 {
            let inTime = report.policies[index].figures.inTimePercent
            report.policies[index].figures.ofOptimumPercent = inTime / optimum.servedShare
        }
    }
}
