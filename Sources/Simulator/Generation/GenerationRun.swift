package import ControlCore
internal import SchedulerCore
internal import ServingModel

/// One policy that generates text on the device of a scenario.
struct GenerationRun {
    let scenario: Scenario
    let plan: GenerationPlan
    let policy: ScenarioPolicy

    init(_ scenario: Scenario, _ plan: GenerationPlan, _ policy: ScenarioPolicy) {
        self.scenario = scenario
        self.plan = plan
        self.policy = policy
    }

    func run(
        _ arrivals: ArrivalPlan, _ random: Seeded, bins: Int, progress: (Double) -> Void
    ) throws -> CompletedRun {
        let configuration = configuration(random)
        if let problem = configuration.problem { throw problem }
        if !plan.companions.isEmpty {
            return try runBeside(configuration, arrivals, random, progress: progress)
        }
        let duration = Interval(milliseconds: scenario.durationSeconds * 1_000)
        var options = VirtualGenerationServer.Options(device: device, random)
        options.measuredFrom = .origin + Interval(milliseconds: scenario.warmupSeconds * 1_000)
        options.measuredUntil = .origin + duration
        if bins > 0 { options.bins = SeriesBins(covering: duration, count: bins) }
        var server = VirtualGenerationServer(configuration, options)
        let load = GenerationLoad(scenario, plan, arrivals, random.split("load"))
        let outcome = try withoutActuallyEscaping(progress) { progress in
            try server.run(
                ReportingLoad(load, until: .origin + duration, time: \.at, progress))
        }
        var run = CompletedRun()
        run.series = server.series
        run.fill(
            from: outcome, scenario.classes, keyValueTokens: plan.keyValueTokens,
            seconds: scenario.measuredSeconds(outcome.measuredSeconds))
        return run
    }

    var device: StepModel {
        StepModel(
            DeviceModel(scenario.devices),
            perContextToken: plan.perKeyValueKiloTokenMilliseconds / 1_000)
    }

    private func configuration(_ random: Seeded) -> GenerationConfiguration {
        let rule = policy.generation ?? GenerationRule(.slackAware)
        var configuration = GenerationConfiguration(
            classes: scenario.classes.map(\.priorityClass), slots: plan.slots,
            cacheSlots: rule.cachesPrefixes ? plan.cacheSlots : 0,
            keyValueTokens: plan.keyValueTokens, maxContext: plan.maxContext,
            cost: device.warmedUp(random.split("warm-up")))
        configuration.blockTokens = plan.blockTokens
        configuration.policy = rule.policy
        configuration.maxQueuedRequests = scenario.limits.maxQueued
        configuration.maxQueuedTokens = .max / 2
        if let copy = rule.swapMillisecondsPerKiloToken {
            configuration.swap = SwapCost(
                base: .zero, perToken: Interval(milliseconds: copy / 1_000),
                maxTokens: plan.keyValueTokens)
        }
        return configuration
    }
}

extension StepModel {
    /// What a server has learnt from warm-up: prompts of several lengths, and decodes over long contexts.
    package func warmedUp(_ random: Seeded) -> StepCostModel {
        var random = random
        var runs: [(tokens: Int, keyValueTokens: Int, took: Interval)] = []
        for _ in 0..<4 {
            for (tokens, context) in Self.warmUp {
                let took = sample(tokens: tokens, context: context, &random)
                runs.append((tokens: tokens, keyValueTokens: context, took: took))
            }
        }
        return StepCostModel(warmUp: runs)
    }

    private static let warmUp = [
        (1, 1), (1, 1_024), (16, 16_384), (64, 64), (64, 65_536), (256, 256), (1_024, 1_024),
        (2_048, 2_048),
    ]
}
