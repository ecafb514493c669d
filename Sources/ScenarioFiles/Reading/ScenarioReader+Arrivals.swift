internal import ServerConfiguration
internal import Simulator
internal import Yams

extension ScenarioReader {
    /// The traffic of a file or of one of its models.
    func arrivals(_ parent: Section, _ scenario: Scenario) -> ArrivalPlan? {
        guard let node = parent["arrivals"] else { return nil }
        let path = parent.place("arrivals")
        guard case .mapping(let mapping) = node else {
            _ = parent.section("arrivals", as: "arrivals")
            return nil
        }
        // Which keys are allowed depends on one of them, so that one is read first.
        let name = mapping["process"]?.string ?? ""
        guard ScenarioReference.processes.contains(name) else {
            reportProcess(mapping["process"], node, name, at: path)
            return nil
        }
        guard let section = Section(node, path: path, section: "arrivals \(name)", problems),
            let process = process(name, section, scenario)
        else { return nil }
        var plan = ArrivalPlan(process)
        if let rows = size("rows", section, least: 1) { plan.rows = rows }
        if let lengths = size("lengths", section, least: 0) { plan.lengths = lengths }
        if let together = section.truth("together") { plan.together = together }
        readExtras(section, &plan)
        readGenerated(section, &plan, scenario)
        return plan
    }

    private func reportProcess(_ value: Node?, _ node: Node, _ name: String, at path: String) {
        let allowed = ScenarioReference.processes.joined(separator: ", ")
        guard let value else {
            return problems.report(node, "\(path).process is missing; allowed: \(allowed)")
        }
        let near = Spelling.nearest(to: name, among: ScenarioReference.processes)
        let hint = near.map { "did you mean '\($0)'? " } ?? ""
        problems.report(
            value, "\(path).process is \(RawValue(value).description); \(hint)allowed: \(allowed)")
    }

    private func process(
        _ name: String, _ section: Section, _ scenario: Scenario
    ) -> ArrivalPlan.Process? {
        switch name {
        case "poisson", "even", "diurnal", "pareto":
            section.requires("rate_rps")
            guard let rate = section.number("rate_rps") else { return nil }
            return steady(name, rate, section)
        case "mmpp": return modulated(section)
        case "step": return steps(section)
        case "ramp": return ramp(section, scenario)
        default:
            section.requires("file")
            var trace = TracePlan()
            trace.file = section.text("file") ?? ""
            trace.format = section.text("format") ?? ""
            trace.speed = section.number("speed") ?? 1
            trace.repeats = section.truth("repeat") ?? false
            if let tokens = section.integer("block_tokens") { trace.tokensPerBlock = tokens }
            return .trace(trace)
        }
    }

    private func steady(
        _ name: String, _ rate: Double, _ section: Section
    ) -> ArrivalPlan.Process {
        switch name {
        case "poisson": .poisson(ratePerSecond: rate)
        case "even": .even(ratePerSecond: rate)
        case "diurnal":
            .diurnal(
                ratePerSecond: rate, amplitude: section.number("amplitude") ?? 0.5,
                periodSeconds: section.number("period_s") ?? 10)
        default:
            .pareto(
                ratePerSecond: rate, alpha: section.number("alpha") ?? 1.5,
                maxClump: section.integer("max_clump") ?? 1_000)
        }
    }

    private func modulated(_ section: Section) -> ArrivalPlan.Process? {
        section.requires("rates_rps")
        section.requires("dwell_ms")
        guard let rates = section.numbers("rates_rps"), let dwells = section.numbers("dwell_ms")
        else { return nil }
        if dwells.count != 1, dwells.count != rates.count {
            section.report(
                "dwell_ms",
                "\(section.place("dwell_ms")) has \(dwells.count) entries for "
                    + "\(rates.count) rates; allowed: one for all, or one for each")
        }
        guard rates.contains(where: { $0 > 0 }) else {
            section.report(
                "rates_rps",
                "\(section.place("rates_rps")) are all 0; allowed: at least one above 0")
            return nil
        }
        return .mmpp(ratesPerSecond: rates, dwellMilliseconds: dwells)
    }

    private func steps(_ section: Section) -> ArrivalPlan.Process? {
        section.requires("levels_rps")
        section.requires("at_s")
        guard let levels = section.numbers("levels_rps"), let times = section.numbers("at_s")
        else { return nil }
        if times.count != levels.count {
            section.report(
                "at_s",
                "\(section.place("at_s")) has \(times.count) entries for \(levels.count) "
                    + "levels; allowed: one for each")
        } else if times[0] != 0 || !zip(times, times.dropFirst()).allSatisfy({ $0 < $1 }) {
            section.report(
                "at_s",
                "\(section.place("at_s")) does not ascend from 0; allowed: 0 first, each later "
                    + "than the one before")
        }
        return .step(levelsPerSecond: levels, atSeconds: times)
    }

    private func ramp(_ section: Section, _ scenario: Scenario) -> ArrivalPlan.Process? {
        guard section["points"] != nil else {
            let reason = " (a ramp has points, or from_rps and to_rps)"
            section.requires("from_rps", because: reason)
            section.requires("to_rps", because: reason)
            guard let start = section.number("from_rps"), let end = section.number("to_rps") else {
                return nil
            }
            let over = section.number("over_s") ?? scenario.durationSeconds
            return .ramp(points: [
                RatePoint(second: 0, ratePerSecond: start),
                RatePoint(second: over, ratePerSecond: end),
            ])
        }
        for name in ["from_rps", "to_rps", "over_s"] where section[name] != nil {
            section.report(
                name, "\(section.place(name)) stands beside points; allowed: one of the two ways")
        }
        var points: [RatePoint] = []
        for element in section.elements("points") {
            guard case .list(let pair) = RawValue(element.node), pair.count == 2,
                let second = pair[0].amount, let rate = pair[1].amount,
                second > points.last?.second ?? -1
            else {
                problems.report(
                    element.node,
                    "\(element.path) is \(RawValue(element.node).description); allowed: "
                        + "[second, rps], neither negative, each later than the one before")
                return nil
            }
            points.append(RatePoint(second: second, ratePerSecond: rate))
        }
        return points.isEmpty ? nil : .ramp(points: points)
    }

    private func readExtras(_ section: Section, _ plan: inout ArrivalPlan) {
        if let bursts = section.section("micro_bursts", as: "micro_bursts") {
            bursts.requires("size")
            bursts.requires("every_ms")
            if let size = bursts.integer("size"), let every = bursts.number("every_ms") {
                plan.microBursts = MicroBursts(size: size, everyMilliseconds: every)
            }
        }
        if let popular = section.section("popular", as: "popular") {
            popular.requires("share")
            popular.requires("inputs")
            if let share = popular.number("share"), let inputs = popular.integer("inputs") {
                plan.popular = PopularInputs(share: share, inputs: inputs)
            }
        }
        if let retries = section.section("retries", as: "retries") {
            var read = RetryPlan()
            if let attempts = retries.integer("attempts") { read.attempts = attempts }
            if let share = retries.number("obedient_share") { read.obedientShare = share }
            if let pause = retries.number("pause_ms") { read.pauseMilliseconds = pause }
            plan.retries = read
        }
        for element in section.elements("tenants") {
            guard
                let entry = Section(
                    element.node, path: element.path, section: "tenants[]", problems)
            else { continue }
            entry.requires("tenant")
            guard let tenant = entry.integer("tenant") else { continue }
            var share = TenantShare(tenant: UInt32(tenant), share: entry.number("share") ?? 1)
            if let weight = entry.number("weight") { share.weight = weight }
            plan.tenants.append(share)
        }
    }

    // MARK: Sizes

    func size(_ name: String, _ section: Section, least: Int) -> SizePlan? {
        guard let node = section[name] else { return nil }
        if case .integer(let value) = RawValue(node), value >= least, value <= 10_000_000 {
            return .fixed(value)
        }
        if case .mapping(let mapping) = node, mapping.count == 1, let entry = mapping.first,
            let plan = size(
                of: entry.key.string ?? "", entry.value, at: section.place(name), least: least)
        {
            return plan
        }
        let allowed = ScenarioReference.key(name, in: section.section)?.allowed ?? ""
        section.report(
            name, "\(section.place(name)) is \(RawValue(node).description); allowed: \(allowed)")
        return nil
    }

    private func size(of kind: String, _ node: Node, at path: String, least: Int) -> SizePlan? {
        switch kind {
        case "uniform":
            guard case .list(let pair) = RawValue(node), pair.count == 2,
                case .integer(let low) = pair[0], case .integer(let high) = pair[1],
                least <= low, low <= high, high <= 10_000_000
            else { return nil }
            return .uniform(low...high)
        case "log_normal":
            guard
                let section = Section(
                    node, path: "\(path).log_normal", section: "log_normal", problems)
            else { return nil }
            section.requires("median")
            section.requires("sigma")
            let low = max(section.integer("min") ?? 1, least)
            let high = section.integer("max") ?? 1_000_000
            guard let median = section.number("median"), let sigma = section.number("sigma"),
                low <= high
            else { return nil }
            return .logNormal(median: median, sigma: sigma, range: low...high)
        case "choice":
            guard case .mapping(let mapping) = node, mapping.count > 0 else { return nil }
            var sizes: [WeightedSize] = []
            for (key, value) in mapping {
                guard let size = key.int, size >= least, size <= 10_000_000,
                    let weight = RawValue(value).amount, weight > 0
                else { return nil }
                sizes.append(WeightedSize(size: size, weight: weight))
            }
            return .choice(sizes)
        default: return nil
        }
    }
}

extension RawValue {
    /// A number that is not negative.
    fileprivate var amount: Double? {
        switch self {
        case .integer(let value) where value >= 0: Double(value)
        case .number(let value) where value >= 0 && value.isFinite: value
        default: nil
        }
    }
}
