internal import ControlCore
internal import SchedulerCore
package import Simulator

/// What queue theory says of a scenario, beside what the run says, and why the two differ.
package struct Explanation {
    /// All lines.
    package let lines: [String]

    /// Sets theory beside what was measured: the curve of ``sweep(of:)``, or the scenario's own sweep.
    package init(_ finished: FinishedScenario) {
        let scenario = finished.scenario
        let summary = Summary(scenario, finished.result)
        var lines: [String] = []
        if scenario.generation != nil {
            // The arithmetic below is that of batches.
        } else if scenario.models.isEmpty {
            let model = TrafficModel(scenario)
            let offered = model.items(ofRequests: summary.offered ?? 0)
            lines += Self.theory(model, offered: offered)
            let policy =
                finished.curve?.policies.first ?? summary.policies.first.flatMap(summary.first)
            if let policy {
                lines += Self.measured(model, policy, offered: offered)
                lines += Self.differences(model, policy, offered: offered)
            }
        } else {
            lines += Self.shared(scenario, summary)
        }
        for entry in scenario.placementAdvice {
            lines += ["", "Where to put \(entry.name)"]
            lines += entry.advice.lines.flatMap { Paragraph.wrap($0, first: "  ", rest: "    ") }
        }
        self.lines = lines
    }

    /// A short run of one policy over rates around the knee, for the measured curve; `nil` for a scenario
    /// whose models share devices.
    package static func sweep(of scenario: Scenario) -> Scenario? {
        guard scenario.models.isEmpty, scenario.generation == nil,
            let first = scenario.policies.first
        else { return nil }
        let model = TrafficModel(scenario)
        var sweep = scenario
        sweep.policies = [scenario.policies.first { $0.policy == .slackAware } ?? first]
        sweep.seeds = 1
        sweep.durationSeconds = min(scenario.durationSeconds, 6)
        sweep.warmupSeconds = min(scenario.warmupSeconds, 1)
        sweep.search = nil
        sweep.comparesWithOptimum = false
        sweep.targets = []
        sweep.sweepRatesPerSecond = utilisations.map {
            model.requests(ofItems: $0 * model.theory.capacity).rounded()
        }
        return sweep
    }

    private static let utilisations = [
        0.24, 0.48, 0.71, 0.80, 0.87, 0.90, 0.93, 0.95, 0.967, 0.983,
    ]

    // MARK: Theory

    private static func theory(_ model: TrafficModel, offered: Double) -> [String] {
        let theory = model.theory
        let count = theory.devices
        let rate = FigureText.grouped(model.requests(ofItems: offered))
        let capacity = FigureText.grouped(model.requests(ofItems: theory.capacity))
        var rows: [(String, String)] = []
        rows.append(
            (
                "device",
                "\(FigureText.plain(theory.base)) ms a batch + \(FigureText.plain(theory.perRow)) ms an item"
                    + (count == 1 ? "" : "; \(count) of them") + tile(model)
            ))
        rows.append(
            (
                "offered load",
                "\(rate)/s, \(FigureText.percent(theory.utilisation(rate: offered) * 100)) % of the "
                    + "\(capacity)/s (\(count == 1 ? "1" : "M")/c) that ever larger batches approach"
            ))
        rows.append(("M/M/1", singleServer(model, offered)))
        rows.append(("batch device", batchDevice(theory, offered)))
        let free = FigureText.grouped(
            model.requests(ofItems: theory.zeroMissRate(deadline: model.deadline)))
        let all = model.classCount == 1 ? "" : " if all requests had it"
        let formula = count == 1 ? "(1 - 2a/D)/c" : "(1 - (1 + 1/M)a/D)M/c"
        rows.append(
            (
                "no misses",
                "up to \(free)/s nobody need miss a deadline of "
                    + "\(FigureText.plain(model.deadline)) ms\(all): \(formula)"
            ))
        let knee = theory.knee(deadline: model.deadline)
        let kneeRate = FigureText.grouped(model.requests(ofItems: knee * theory.capacity))
        let kneeFormula = count == 1 ? "1 - 2ak/D" : "1 - (1 + 1/M)ak/D"
        rows.append(
            (
                "knee",
                "from \(FigureText.percent(knee * 100)) % (\(kneeRate)/s) on, P99 breaks: "
                    + "\(kneeFormula) with k = 1.3 for the bursts of Poisson traffic"
            ))
        if model.classCount == 1, offered > theory.zeroMissRate(deadline: model.deadline) {
            let served = model.requests(
                ofItems: theory.servedRate(offered: offered, deadline: model.deadline))
            rows.append(
                (
                    "overload",
                    "of these \(rate)/s, \(FigureText.grouped(served))/s can be in time if the rest is "
                        + "refused early"
                ))
        }
        return ["What arithmetic says of \(model.name)"] + aligned(rows)
    }

    private static func tile(_ model: TrafficModel) -> String {
        model.devices.tile > 1
            ? "; it computes whole tiles of \(model.devices.tile), which arithmetic leaves out" : ""
    }

    private static func singleServer(_ model: TrafficModel, _ offered: Double) -> String {
        let theory = model.theory
        let alone = theory.capacity(batch: 1)
        let rate = FigureText.grouped(model.requests(ofItems: alone))
        let text =
            offered < alone ? "" : "one by one, \(rate)/s is all, and the queue grows for ever; "
        guard let stay = QueueTheory.singleServerStay(rate: offered, service: theory.capacity)
        else {
            return text + "the offered load is above the capacity: no mean"
        }
        return text + "1/(μ - λ) = \(FigureText.short(stay)) ms with μ = "
            + "\(FigureText.grouped(model.requests(ofItems: theory.capacity)))/s"
    }

    private static func batchDevice(_ theory: QueueTheory, _ offered: Double) -> String {
        guard let rows = theory.stableBatch(rate: offered), let cycle = theory.cycle(rate: offered),
            let stay = theory.longestStay(rate: offered)
        else { return "no batch is large enough for the offered load" }
        let formula = theory.devices == 1 ? "2a/(1 - λc)" : "(1 + 1/M)a/(1 - λc/M)"
        return "batches settle at b* = λa/(1 - λc) = \(FigureText.short(rows)) items, "
            + "\(FigureText.short(cycle)) ms each; the longest stay is \(formula) = "
            + "\(FigureText.short(stay)) ms"
    }

    // MARK: Measurement

    private static func measured(
        _ model: TrafficModel, _ policy: PolicyReport, offered: Double
    ) -> [String] {
        guard !policy.sweep.isEmpty else { return [] }
        var table = TextTable([
            .init("rate/s"), .init("load %"), .init("M/M/1 ms"), .init("longest stay ms"),
            .init("measured P99 ms"), .init("refused %"),
        ])
        for point in policy.sweep {
            let rate = model.items(ofRequests: point.figures.offeredPerSecond)
            let single = QueueTheory.singleServerStay(
                rate: rate, service: model.theory.capacity)
            let stay = model.theory.longestStay(rate: rate)
            table.add(
                [
                    FigureText.grouped(point.ratePerSecond),
                    FigureText.percent(model.theory.utilisation(rate: rate) * 100),
                    single.map(FigureText.short) ?? "–", stay.map(FigureText.short) ?? "–",
                    FigureText.short(point.figures.latency.p99),
                    FigureText.percent(point.figures.rejectedPercent),
                ].map { TextTable.Cell($0) })
        }
        return ["", "What \(policy.name) did, rate by rate"] + table.lines(isColoured: false)
    }

    private static func aligned(_ rows: [(String, String)]) -> [String] {
        let width = rows.map(\.0.count).max() ?? 0
        return rows.flatMap { label, text in
            let padding = String(repeating: " ", count: width - label.count)
            return Paragraph.wrap(
                text, first: "  \(label)\(padding)  ",
                rest: String(repeating: " ", count: width + 4))
        }
    }
}
