/// A scenario that cannot be run, with the key that is wrong.
package struct ScenarioProblem: Error, Sendable, Equatable, CustomStringConvertible {
    /// The key, dotted, as in `arrivals.rate_rps`.
    package var key: String
    /// What is wrong with it.
    package var reason: String

    /// Key and reason.
    package var description: String { "\(key): \(reason)" }
}

extension Scenario {
    /// Refuses what cannot be run. A file's syntax and types are its reader's business.
    package func validate() throws(ScenarioProblem) {
        try need(durationSeconds > 0, "duration_s", "\(durationSeconds) is not above 0")
        try need(
            warmupSeconds >= 0 && warmupSeconds < durationSeconds, "warmup_s",
            "\(warmupSeconds) is not within the duration of \(durationSeconds) s")
        try need(seeds >= 1, "seeds", "at least one seed is run")
        try need(!policies.isEmpty, "policies", "at least one policy is compared")
        let names = Set(policies.map(\.name))
        try need(names.count == policies.count, "policies", "two have the same name")
        try validateGeneration()
        if models.isEmpty {
            try devices.validate("devices")
            try Self.validate(classes, "classes")
            try arrivals.validate("arrivals")
        }
        for model in models {
            try model.devices.validate("models.\(model.name).devices")
            try Self.validate(model.classes, "models.\(model.name).classes")
            try model.arrivals.validate("models.\(model.name).arrivals")
        }
        try need(limits.maxBatch >= 1, "limits.max_batch", "a batch holds at least one row")
        try need(limits.maxQueued >= 1, "limits.max_queued", "a queue holds at least one")
        try need(
            faults.cancelShare >= 0 && faults.cancelShare <= 1, "faults.cancel_share",
            "\(faults.cancelShare) not in [0, 1]")
        for outage in faults.outages where models.isEmpty {
            try need(
                outage.instance >= 0 && outage.instance < devices.count, "faults.outages",
                "there is no instance \(outage.instance)")
        }
        for defect in faults.defects {
            try need(
                models.isEmpty && defect.instance >= 0 && defect.instance < devices.count,
                "faults.defects", "there is no instance \(defect.instance)")
            try need(defect.factor >= 1, "faults.defects", "a factor below 1 makes quicker")
        }
        try need(
            arrivals.retries == nil || faults.cancelShare == 0, "arrivals.retries",
            "clients that come back do not give up, as faults.cancel_share says")
        if let search {
            try need(
                search.lowPerSecond > 0 && search.lowPerSecond < search.highPerSecond, "search",
                "low_rps \(search.lowPerSecond) is not below high_rps \(search.highPerSecond)")
            try need(search.resolutionPerSecond > 0, "search.resolution_rps", "not above 0")
            try need(
                RunFigures.allNames.contains(search.figure), "search.figure",
                "no figure \(search.figure)")
        }
        try need(sweepRatesPerSecond.allSatisfy { $0 > 0 }, "sweep", "rates are above 0")
        for target in targets { try validate(target) }
    }

    private func validate(_ target: ScenarioTarget) throws(ScenarioProblem) {
        try need(
            policies.contains { $0.name == target.policy }, "targets.policy",
            "no policy \(target.policy) in this scenario")
        try need(
            Set(SimulationReport.figureNames).contains(target.figure), "targets.figure",
            "no figure \(target.figure)")
        if let rate = target.atRatePerSecond {
            try need(
                sweepRatesPerSecond.contains(rate), "targets.at_rate_rps",
                "\(rate) is no rate of the sweep")
        }
    }

    static func validate(
        _ classes: [ScenarioClass], _ key: String
    ) throws(ScenarioProblem) {
        try need(!classes.isEmpty, key, "at least one class")
        try need(Set(classes.map(\.name)).count == classes.count, key, "two have the same name")
        try need(classes.contains { $0.share > 0 }, key, "no class has traffic")
        for entry in classes {
            let own = "\(key).\(entry.name)"
            try need(entry.share >= 0, "\(own).share", "\(entry.share) is below 0")
            try need(entry.weight >= 1, "\(own).weight", "\(entry.weight) is below 1")
            try need(entry.deadlineMilliseconds > 0, "\(own).deadline_ms", "not above 0")
            try need(
                entry.floorShare >= 0 && entry.floorShare <= 0.5, "\(own).floor_share",
                "\(entry.floorShare) not in [0, 0.5]")
        }
    }
}

extension ScenarioDevices {
    func validate(_ key: String) throws(ScenarioProblem) {
        try need(count >= 1, "\(key).count", "at least one device")
        try need(baseMilliseconds >= 0, "\(key).base_ms", "\(baseMilliseconds) is below 0")
        try need(perItemMilliseconds > 0, "\(key).per_item_ms", "not above 0")
        try need(noise >= 0, "\(key).noise", "\(noise) is below 0")
        try need(
            stallProbability >= 0 && stallProbability <= 1, "\(key).stall_probability",
            "\(stallProbability) not in [0, 1]")
        try need(
            failureProbability >= 0 && failureProbability <= 1, "\(key).failure_probability",
            "\(failureProbability) not in [0, 1]")
        try need(tile >= 1, "\(key).tile", "\(tile) is below 1")
        try need(variants.allSatisfy { $0.timeFactor > 0 }, "\(key).variants", "not above 0")
        try need(referenceLength >= 0, "\(key).reference_length", "below 0")
    }
}

extension ArrivalPlan {
    func validate(_ key: String) throws(ScenarioProblem) {
        try process.validate(key)
        if let microBursts {
            try need(microBursts.size >= 1, "\(key).micro_bursts.size", "at least one request")
            try need(
                microBursts.everyMilliseconds > 0, "\(key).micro_bursts.every_ms", "not above 0")
        }
        if let popular {
            try need(
                popular.share >= 0 && popular.share <= 1, "\(key).popular.share",
                "\(popular.share) not in [0, 1]")
            try need(popular.inputs >= 1, "\(key).popular.inputs", "at least one input")
        }
    }
}

extension ArrivalPlan.Process {
    fileprivate func validate(_ key: String) throws(ScenarioProblem) {
        switch self {
        case .poisson(let rate), .even(let rate):
            try need(rate > 0, "\(key).rate_rps", "\(rate) is not above 0")
        case .mmpp(let rates, let dwells):
            try need(rates.contains { $0 > 0 }, "\(key).rates_rps", "no rate above 0")
            try need(rates.allSatisfy { $0 >= 0 }, "\(key).rates_rps", "a rate below 0")
            try need(
                dwells.count == 1 || dwells.count == rates.count, "\(key).dwell_ms",
                "one for each rate, or one for all")
            try need(dwells.allSatisfy { $0 > 0 }, "\(key).dwell_ms", "not above 0")
        case .diurnal(let rate, let amplitude, let period):
            try need(rate > 0, "\(key).rate_rps", "\(rate) is not above 0")
            try need(amplitude >= 0 && amplitude <= 1, "\(key).amplitude", "not in [0, 1]")
            try need(period > 0, "\(key).period_s", "not above 0")
        case .pareto(let rate, let alpha, let maxClump):
            try need(rate > 0, "\(key).rate_rps", "\(rate) is not above 0")
            try need(alpha > 0, "\(key).alpha", "\(alpha) is not above 0")
            try need(
                maxClump >= 1 && maxClump <= 1_000_000, "\(key).max_clump", "not in 1…1000000")
        case .step(let levels, let times):
            try need(
                !levels.isEmpty && levels.count == times.count, "\(key).at_s",
                "one time for each level")
            try need(times.first == 0, "\(key).at_s", "the first time is 0")
            try need(zip(times, times.dropFirst()).allSatisfy(<), "\(key).at_s", "not ascending")
            try need(levels.allSatisfy { $0 >= 0 }, "\(key).levels_rps", "a rate below 0")
        case .ramp(let points):
            try need(!points.isEmpty, "\(key).points", "at least one point")
            try need(points.allSatisfy { $0.ratePerSecond >= 0 }, "\(key).points", "below 0")
            try need(
                zip(points, points.dropFirst()).allSatisfy { $0.second < $1.second },
                "\(key).points", "seconds do not ascend")
        case .trace(let plan):
            try need(plan.speed > 0, "\(key).speed", "\(plan.speed) is not above 0")
            try need(!plan.records.isEmpty, "\(key).file", "no requests")
            try need(
                zip(plan.records, plan.records.dropFirst())
                    .allSatisfy { $0.milliseconds <= $1.milliseconds },
                "\(key).file", "times do not ascend")
        }
    }
}

func need(
    _ holds: Bool, _ key: @autoclosure () -> String, _ reason: @autoclosure () -> String
) throws(ScenarioProblem) {
    if !holds { throw ScenarioProblem(key: key(), reason: reason()) }
}
