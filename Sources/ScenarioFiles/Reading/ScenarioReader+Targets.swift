internal import ServerConfiguration
internal import Simulator

extension ScenarioReader {
    func search(_ section: Section) -> RateSearch? {
        section.requires("low_rps")
        section.requires("high_rps")
        guard let low = section.number("low_rps"), let high = section.number("high_rps") else {
            return nil
        }
        if low >= high {
            section.report(
                "low_rps",
                "\(section.place("low_rps")) is \(FigureText.plain(low)); allowed: less than "
                    + "high_rps, which is \(FigureText.plain(high))")
        }
        var search = RateSearch(lowPerSecond: low, highPerSecond: high)
        if let figure = section.text("figure") { search.figure = figure }
        if let limit = section.number("at_most") { search.atMost = limit }
        if let resolution = section.number("resolution_rps") {
            search.resolutionPerSecond = resolution
        }
        return search
    }

    func targets(_ top: Section, _ scenario: Scenario) -> [ScenarioTarget] {
        var targets: [ScenarioTarget] = []
        for element in top.elements("targets") {
            guard
                let entry = Section(
                    element.node, path: element.path, section: "targets[]", problems),
                let target = target(entry, scenario)
            else { continue }
            targets.append(target)
        }
        return targets
    }

    private func target(_ entry: Section, _ scenario: Scenario) -> ScenarioTarget? {
        entry.requires("figure")
        let names = scenario.policies.map(\.name)
        let policy = entry.text("policy")
        if let policy, !names.contains(policy) {
            entry.reportUnknownName("policy", policy, among: names)
        } else if policy == nil, names.count != 1 {
            entry.requires("policy", because: " (the file has \(names.count) policies)")
        }
        guard let figure = entry.text("figure"), let bound = bound(entry) else { return nil }
        var target = ScenarioTarget(policy: policy ?? names.first ?? "", figure: figure, bound)
        if let name = entry.text("class") {
            let classes = classNames(scenario)
            if !classes.contains(name) { entry.reportUnknownName("class", name, among: classes) }
            target.className = name
        }
        checkFigure(entry, figure, target, scenario)
        if let rate = entry.number("at_rate_rps") {
            if !scenario.sweepRatesPerSecond.contains(rate) {
                entry.report(
                    "at_rate_rps",
                    "\(entry.place("at_rate_rps")) is \(FigureText.plain(rate)); allowed: "
                        + "a rate of sweep: \(scenario.sweepRatesPerSecond.map(FigureText.plain))")
            }
            target.atRatePerSecond = rate
        }
        if let over = entry.text("over").flatMap(ScenarioTarget.Aggregation.init) {
            target.over = over
        }
        if figure == "max_rate_rps", scenario.search == nil {
            entry.report(
                "figure", "\(entry.place("figure")) needs a search; allowed: add search to the file"
            )
        }
        return target
    }

    private func checkFigure(
        _ entry: Section, _ figure: String, _ target: ScenarioTarget, _ scenario: Scenario
    ) {
        let isText = scenario.generation != nil
        let hasBreakers = scenario.policies.contains {
            $0.name == target.policy && $0.breaker != .none
        }
        let ofRun =
            RunFigures.names + (isText ? GenerationFigures.names : [])
            + (hasBreakers ? BreakerFigures.names : []) + ["max_rate_rps"]
        let ofClass = isText ? ClassReport.names : ClassReport.namesOfBatches
        let allowed = target.className == nil ? ofRun : ofClass
        guard !allowed.contains(figure) else { return }
        let kind = target.className == nil ? "of a whole run" : "of a class"
        let scope =
            BreakerFigures.names.contains(figure)
            ? " without circuit breakers"
            : isText || !GenerationFigures.names.contains(figure) ? "" : " without generation"
        entry.report(
            "figure",
            "\(entry.place("figure")) '\(figure)' is not a figure \(kind)\(scope); allowed: "
                + allowed.joined(separator: ", "))
    }

    private func classNames(_ scenario: Scenario) -> [String] {
        let beside = (scenario.generation?.companions ?? []).flatMap { model in
            model.classes.map { "\(model.name)/\($0.name)" }
        }
        guard !scenario.models.isEmpty else { return scenario.classes.map(\.name) + beside }
        return scenario.models.flatMap { model in model.classes.map { "\(model.name)/\($0.name)" } }
    }

    private func bound(_ entry: Section) -> ScenarioTarget.Bound? {
        let written = ["at_most", "at_least", "value"].filter { entry[$0] != nil }
        guard written.count == 1 else {
            problems.report(
                entry.node,
                "\(entry.path) has \(written.isEmpty ? "no bound" : written.joined(separator: " and ")); "
                    + "allowed: one of at_most, at_least, or value with within_pct")
            return nil
        }
        if entry["value"] == nil, entry["within_pct"] != nil {
            entry.report(
                "within_pct", "\(entry.place("within_pct")) without value; allowed: both or none")
        }
        if let limit = entry.number("at_most") { return .atMost(limit) }
        if let limit = entry.number("at_least") { return .atLeast(limit) }
        guard let value = entry.number("value") else { return nil }
        entry.requires("within_pct")
        return entry.number("within_pct").map { .within(percent: $0, of: value) }
    }

    func references(_ top: Section) -> [ReferenceRow] {
        var rows: [ReferenceRow] = []
        for element in top.elements("references") {
            guard
                let entry = Section(
                    element.node, path: element.path, section: "references[]", problems)
            else { continue }
            entry.requires("name")
            entry.requires("p99_ms")
            guard let name = entry.text("name"), let p99 = entry.number("p99_ms") else { continue }
            var row = ReferenceRow(name: name, p99Milliseconds: p99)
            row.ratePerSecond = entry.number("rate_rps")
            row.meanMilliseconds = entry.number("mean_ms")
            row.errorPercent = entry.number("error_pct")
            rows.append(row)
        }
        return rows
    }
}

extension Section {
    /// Notes a name that nothing in the file has.
    func reportUnknownName(_ key: String, _ name: String, among names: [String]) {
        let near = Spelling.nearest(to: name, among: names)
        let hint = near.map { "did you mean '\($0)'? " } ?? ""
        report(
            key,
            "\(place(key)) is '\(name)', which the file does not have; \(hint)allowed: "
                + (names.isEmpty ? "none" : names.joined(separator: ", ")))
    }
}
