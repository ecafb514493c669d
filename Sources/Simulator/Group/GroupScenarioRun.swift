internal import ControlCore
internal import SchedulerCore
internal import ServingModel

/// One policy on the devices of a scenario with several models.
///
/// Instances are dealt out to the devices in turn, model after model, so that no device has two of them
/// before every device has one. Models are in memory from the start as long as they fit, in the order of
/// the file. Every model batches by the policy; whose turn a device is, and who is in memory, is decided
/// by the ``DeviceGroup`` for all of them.
struct GroupScenarioRun {
    let scenario: Scenario
    let policy: ScenarioPolicy

    init(_ scenario: Scenario, _ policy: ScenarioPolicy) {
        self.scenario = scenario
        self.policy = policy
    }

    /// Runs all models; `rateFactor` scales the traffic of each.
    func run(
        _ random: Seeded, rateFactor: Double = 1, bins: Int, progress: (Double) -> Void
    ) throws -> CompletedRun {
        let costs = scenario.models.map { cost($0) }
        let configuration = configuration(costs, random)
        if let problem = configuration.problems.first { throw GroupProblem(description: problem) }
        var options = VirtualGroupServer.Options(costs: costs, random)
        let duration = Interval(milliseconds: scenario.durationSeconds * 1_000)
        options.measuredFrom = .origin + Interval(milliseconds: scenario.warmupSeconds * 1_000)
        if bins > 0 { options.bins = SeriesBins(covering: duration, count: bins) }
        var server = VirtualGroupServer(configuration, options)
        let loads = scenario.models.enumerated().map { index, model in
            // Outages are those of devices; cancellations are each model's own.
            var faults = scenario.faults
            faults.outages = []
            return AnyIterator(
                ScenarioLoad(
                    model.arrivals.scaled(by: rateFactor), classes: model.classes, faults: faults,
                    seconds: scenario.durationSeconds, random.split("load \(model.name)")))
        }
        let outages = outages(configuration)
        var last = 0.0
        let outcome = try withoutActuallyEscaping(progress) { progress in
            try server.run(MergedTraffic(loads, beside: outages)) { now, _, _, _ in
                let part = Instant.origin.interval(to: now).seconds / scenario.durationSeconds
                guard part >= last + 0.01, part <= 1 else { return }
                last = part
                progress(part)
            }
        }
        var run = CompletedRun()
        run.series = server.series
        run.fill(
            from: outcome, scenario.models.map { ($0.name, $0.classes.map(\.name)) },
            seconds: scenario.durationSeconds - scenario.warmupSeconds)
        return run
    }

    // MARK: The group

    private func cost(_ model: ScenarioModel) -> GangModel {
        GangModel(
            DeviceModel(model.devices), degree: model.gang,
            communication: model.gang > 1 ? model.communicationMilliseconds : 0)
    }

    private func configuration(_ costs: [GangModel], _ random: Seeded) -> GroupConfiguration {
        let devices = max(scenario.devices.count, 1)
        let memory = Self.bytes(scenario.devices.memoryMB)
        var used = Array(repeating: 0, count: devices)
        var next = 0
        var models: [GroupModel] = []
        for (index, model) in scenario.models.enumerated() {
            let copies = min(model.devices.count, max(devices / model.gang, 1))
            var placements: [[DeviceIndex]] = []
            for _ in 0..<copies {
                placements.append((0..<model.gang).map { DeviceIndex((next + $0) % devices) })
                next = (next + model.gang) % devices
            }
            let resident = Self.bytes(model.residentMB)
            let places = placements.flatMap { $0 }.map(\.rawValue)
            let starts = places.allSatisfy { used[$0] + resident <= memory }
            if starts { for place in places { used[place] += resident } }
            models.append(
                GroupModel(
                    scheduler(model, costs[index], random.split("warm-up \(model.name)")),
                    placements: placements,
                    memory: MemoryModel(resident: resident, perRow: Self.bytes(model.perItemMB)),
                    reload: Interval(milliseconds: model.reloadMilliseconds),
                    flopsPerByte: model.flopsPerByte, startsResident: starts))
        }
        return GroupConfiguration(
            devices: Array(repeating: GroupDevice(memory: memory), count: devices), models: models)
    }

    private func scheduler(
        _ model: ScenarioModel, _ cost: GangModel, _ random: Seeded
    ) -> SchedulerConfiguration {
        var configuration = SchedulerConfiguration(
            classes: model.classes.map(\.priorityClass),
            maxBatchRows: policy.maxBatch ?? scenario.limits.maxBatch,
            latency: cost.warmedUp(random))
        configuration.maxQueuedRequests = scenario.limits.maxQueued
        configuration.maxQueuedBytes = .max / 2
        configuration.guardInterval = Interval(milliseconds: scenario.limits.guardMilliseconds)
        configuration.policy = policy.policy
        configuration.fastFail = policy.fastFail
        return configuration
    }

    /// Devices that go and come back: an outage names a model's instance and takes its first device.
    private func outages(_ configuration: GroupConfiguration) -> [GroupStimulus] {
        var stimuli: [GroupStimulus] = []
        for outage in scenario.faults.outages
        where configuration.models.indices.contains(outage.model) {
            let placements = configuration.models[outage.model].placements
            guard placements.indices.contains(outage.instance) else { continue }
            let device = placements[outage.instance][0]
            let at = Instant.origin + Interval(milliseconds: outage.atSecond * 1_000)
            stimuli.append(GroupStimulus(at: at, .lose(device)))
            if let away = outage.forSeconds {
                let back = at + Interval(milliseconds: away * 1_000)
                stimuli.append(GroupStimulus(at: back, .restore(device)))
            }
        }
        return stimuli.enumerated()
            .sorted { ($0.element.at, $0.offset) < ($1.element.at, $1.offset) }
            .map(\.element)
    }

    private static func bytes(_ megabytes: Double) -> Int { Int(megabytes * 1_048_576) }
}

/// Devices and models that do not go together.
struct GroupProblem: Error, CustomStringConvertible {
    let description: String
}

extension CompletedRun {
    /// Computes the figures over all models; classes are called `model/class`.
    mutating func fill(
        from outcome: GroupOutcome, _ names: [(model: String, classes: [String])], seconds: Double
    ) {
        let total = outcome.total
        latencies = total.latencies
        figures = RunFigures(total, seconds: seconds)
        let batches = outcome.models.reduce(0) { $0 + $1.batches }
        let rows = outcome.models.reduce(0) { $0 + $1.rows }
        figures.meanBatch = batches == 0 ? 0 : Double(rows) / Double(batches)
        classes = []
        for (entry, result) in zip(names, outcome.models) {
            for (name, own) in zip(entry.classes, result.classes) {
                classes.append(ClassReport("\(entry.model)/\(name)", own, seconds: seconds))
            }
        }
    }
}
