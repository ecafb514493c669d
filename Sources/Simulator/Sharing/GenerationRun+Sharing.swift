internal import ControlCore
internal import SchedulerCore
internal import ServingModel

/// Text that is generated on a device which other models batch on.
extension GenerationRun {
    /// The figures are those of the text; the classes of the other models are called `model/class`.
    func runBeside(
        _ configuration: GenerationConfiguration, _ arrivals: ArrivalPlan, _ random: Seeded,
        progress: (Double) -> Void
    ) throws -> CompletedRun {
        let duration = Interval(milliseconds: scenario.durationSeconds * 1_000)
        var options = VirtualSharedServer.Options(
            step: device, batches: plan.companions.map { DeviceModel($0.devices) }, random)
        options.measuredFrom = .origin + Interval(milliseconds: scenario.warmupSeconds * 1_000)
        options.measuredUntil = .origin + duration
        var server = VirtualSharedServer(
            generation: configuration, batches: plan.companions.map { scheduler($0, random) },
            rule: policy.generation?.sharing ?? .claims, options)
        let traffic = MergedTraffic(
            plan.companions.map { model in
                AnyIterator(
                    ScenarioLoad(
                        model.arrivals, classes: model.classes, faults: FaultPlan(),
                        seconds: scenario.durationSeconds, random.split("load \(model.name)")))
            })
        let text = GenerationLoad(scenario, plan, arrivals, random.split("load"))
        try withoutActuallyEscaping(progress) { progress in
            let load = ReportingLoad(text, until: .origin + duration, time: \.at, progress)
            try server.run(SharedTraffic(load.makeIterator(), beside: traffic))
        }
        var run = CompletedRun()
        let seconds = scenario.measuredSeconds(server.generation.measuredSeconds)
        run.fill(
            from: server.generation, scenario.classes, keyValueTokens: plan.keyValueTokens,
            seconds: seconds)
        for (model, outcome) in zip(plan.companions, server.batches) {
            for (entry, result) in zip(model.classes, outcome.classes) {
                run.classes.append(
                    ClassReport("\(model.name)/\(entry.name)", result, seconds: seconds))
            }
        }
        return run
    }

    private func scheduler(
        _ model: CompanionModel, _ random: Seeded
    ) -> SchedulerConfiguration {
        let cost = GangModel(DeviceModel(model.devices))
        var configuration = SchedulerConfiguration(
            classes: model.classes.map(\.priorityClass), maxBatchRows: model.maxBatch,
            latency: cost.warmedUp(random.split("warm-up \(model.name)")))
        configuration.maxQueuedRequests = scenario.limits.maxQueued
        configuration.maxQueuedBytes = .max / 2
        configuration.guardInterval = Interval(milliseconds: scenario.limits.guardMilliseconds)
        return configuration
    }
}
