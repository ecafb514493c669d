internal import ServerConfiguration
package import Simulator
internal import Yams

/// Reads scenario files.
package enum ScenarioFile {
    /// The scenario that a YAML text describes.
    ///
    /// - Parameter origin: Name of the file, for messages.
    package static func read(
        yaml: String, origin: String
    ) throws(ScenarioFileError) -> Scenario {
        let problems = Problems(origin: origin)
        let scenario = ScenarioReader(problems).read(yaml)
        guard problems.lines.isEmpty, let scenario else {
            throw ScenarioFileError(problems: problems.lines)
        }
        return scenario
    }
}

/// Turns the nodes of one file into a scenario.
struct ScenarioReader {
    let problems: Problems

    init(_ problems: Problems) {
        self.problems = problems
    }

    /// The scenario; `nil`, with a report, when there is none. With reports, it is not to be used.
    func read(_ yaml: String) -> Scenario? {
        let root: Node?
        do {
            root = try Yams.compose(yaml: yaml)
        } catch let error as YamlError {
            report(error)
            return nil
        } catch {
            problems.report(line: nil, "not valid YAML: \(error)")
            return nil
        }
        guard let root, RawValue(root) != .nothing else {
            problems.report(
                line: nil,
                "the file is empty; a scenario has at least the keys name and arrivals")
            return nil
        }
        guard let top = Section(root, path: "", section: "", problems) else { return nil }
        return read(top)
    }

    private func read(_ top: Section) -> Scenario {
        top.requires("name")
        var scenario = Scenario(name: top.text("name") ?? "")
        if let about = top.text("about") { scenario.about = about }
        if let seed = top.integer("seed") { scenario.seed = UInt64(seed) }
        if let seeds = top.integer("seeds") { scenario.seeds = seeds }
        scenario.maxRequests = top.integer("requests")
        readTimes(top, &scenario)
        if let section = top.section("generation") { readGeneration(section, top, &scenario) }
        if let section = top.section("devices") {
            scenario.devices = devices(section, from: scenario.devices)
            reportBatchesOnly(section, scenario)
        }
        if let classes = classes(top, scenario) { scenario.classes = classes }
        readTraffic(top, &scenario)
        if top["policies"] != nil { scenario.policies = policies(top, scenario) }
        if let section = top.section("limits") {
            scenario.limits = limits(section)
            reportBatchesOnly(section, scenario)
        }
        if let section = top.section("faults") { scenario.faults = faults(section, scenario) }
        if let section = top.section("memory") { scenario.memory = memory(section, scenario) }
        if let rates = top.numbers("sweep") { scenario.sweepRatesPerSecond = rates.sorted() }
        if let section = top.section("search") { scenario.search = search(section) }
        if let optimum = top.truth("optimum") { scenario.comparesWithOptimum = optimum }
        scenario.targets = targets(top, scenario)
        scenario.references = references(top)
        return scenario
    }

    private func readTimes(_ top: Section, _ scenario: inout Scenario) {
        let duration = top.number("duration_s")
        let warmup = top.number("warmup_s")
        scenario.durationSeconds = duration ?? scenario.durationSeconds
        // A short run that says nothing about its warm-up gets a short one.
        scenario.warmupSeconds = warmup ?? min(scenario.warmupSeconds, scenario.durationSeconds / 5)
        if scenario.warmupSeconds >= scenario.durationSeconds {
            top.report(
                warmup == nil ? "duration_s" : "warmup_s",
                "warmup_s is \(FigureText.plain(scenario.warmupSeconds)); allowed: less than "
                    + "duration_s, which is \(FigureText.plain(scenario.durationSeconds))")
        }
    }

    private func readTraffic(_ top: Section, _ scenario: inout Scenario) {
        if top["models"] != nil {
            scenario.models = models(top, scenario)
            if top["arrivals"] != nil {
                top.report(
                    "arrivals", "arrivals stands beside models; allowed: arrivals in each model")
            }
        } else if top.requires("arrivals"), let plan = arrivals(top, scenario) {
            scenario.arrivals = plan
        }
    }

    private func limits(_ section: Section) -> ScenarioLimits {
        var limits = ScenarioLimits()
        if let batch = section.integer("max_batch") { limits.maxBatch = batch }
        if let queued = section.integer("max_queued") { limits.maxQueued = queued }
        if let guardTime = section.number("guard_ms") { limits.guardMilliseconds = guardTime }
        return limits
    }

    private func report(_ error: YamlError) {
        switch error {
        case .scanner(_, let problem, let mark, _), .parser(_, let problem, let mark, _),
            .composer(_, let problem, let mark, _):
            problems.report(line: mark.line, "not valid YAML: \(problem)")
        default:
            problems.report(line: nil, "not valid YAML: \(error)")
        }
    }
}
