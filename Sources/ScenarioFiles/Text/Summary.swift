internal import Simulator

/// The figures of a scenario over its seeds: the median of each, a figure that was really measured.
struct Summary {
    let scenario: Scenario
    let reports: [SimulationReport]

    init(_ scenario: Scenario, _ result: ScenarioResult) {
        self.scenario = scenario
        reports = result.reports
    }

    /// Names of the policies, in the scenario's order.
    var policies: [String] { reports.first?.policies.map(\.name) ?? [] }

    /// Names of the classes, most important first.
    var classes: [String] { reports.first?.policies.first?.classes.map(\.name) ?? [] }

    /// The median over the seeds; `nil` when there is no such figure.
    func figure(
        _ name: String, _ policy: String, className: String? = nil, atRate rate: Double? = nil
    ) -> Double? {
        let values = reports.compactMap {
            $0.figure(name, policy: policy, className: className, atRate: rate)
        }
        guard !values.isEmpty else { return nil }
        return values.sorted()[(values.count - 1) / 2]
    }

    /// The report of one policy with the first seed, for what has no median, such as a curve.
    func first(_ policy: String) -> PolicyReport? {
        reports.first?.policies.first { $0.name == policy }
    }

    /// Rates of the sweep.
    var sweepRates: [Double] {
        reports.first?.policies.first?.sweep.map(\.ratePerSecond) ?? []
    }

    /// Whether the report has cheaper variants.
    var hasVariants: Bool {
        policies.contains { (figure("cheaper_variant_pct", $0) ?? 0) > 0 }
    }

    /// Figures of the run that are worth a column, because one policy has something to tell.
    var extras: [(name: String, title: String, unit: String)] {
        func tells(_ name: String, above usual: Double) -> Bool {
            policies.contains { (figure(name, $0) ?? 0) > usual }
        }
        var extras: [(name: String, title: String, unit: String)] = []
        if tells("health_changes", above: 0) {
            extras.append(("health_changes", "rule changes", "times"))
        }
        if tells("process_ends", above: 0) {
            extras.append(("process_ends", "out of memory", "times"))
        }
        if tells("attempts", above: 1) {
            extras.append(("attempts", "attempts", "a request"))
            extras.append(("served_pct", "served", "in the end, %"))
        }
        return extras
    }

    /// Whether any policy has circuit breakers.
    var hasBreakers: Bool { policies.contains { figure("isolations", $0) != nil } }

    /// Requests a second that really came.
    var offered: Double? { policies.first.flatMap { figure("offered_rps", $0) } }

    /// Duration, seeds and load in a line.
    var facts: String {
        let devices = scenario.devices.count
        var facts = ["\(FigureText.plain(scenario.durationSeconds)) s"]
        if reports.count == 1 {
            facts.append("seed \(reports[0].seed)")
        } else if let first = reports.first, let last = reports.last {
            facts.append("median of \(reports.count) seeds (\(first.seed) to \(last.seed))")
        }
        if let offered { facts.append("\(Unit.perSecond.number(offered)) requests/s") }
        let models = scenario.models.count
        if models > 0 { facts.append("\(models) model\(models == 1 ? "" : "s")") }
        if let plan = scenario.generation {
            let room = FigureText.grouped(Double(plan.keyValueTokens))
            facts.append("text generation with room for \(room) tokens")
        }
        facts.append("\(devices) device\(devices == 1 ? "" : "s")")
        if let repeated = reports.first?.repeatedInputsPercent {
            facts.append("\(FigureText.percent(repeated)) % repeated inputs")
        }
        if let optimum = reports.first?.optimumInTimePercent {
            facts.append("best possible: \(FigureText.percent(optimum)) % in time")
        }
        return facts.joined(separator: ", ")
    }
}
