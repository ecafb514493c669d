internal import ControlCore
internal import SchedulerCore
internal import ServingModel

/// What a run left behind.
struct CompletedRun {
    var figures = RunFigures()
    var classes: [ClassReport] = []
    var latencies = LatencyHistogram()
    /// Of text generation.
    var firstTokens = LatencyHistogram()
    /// Gaps between the tokens of generated text.
    var gaps = LatencyHistogram()
    var series: SeriesRecorder?
    /// What controllers were set to.
    var controls: [ControlSeries] = []
}

/// One policy on the devices of a scenario with one model.
struct SingleModelRun {
    let scenario: Scenario
    let policy: ScenarioPolicy

    init(_ scenario: Scenario, _ policy: ScenarioPolicy) {
        self.scenario = scenario
        self.policy = policy
    }

    func run(
        _ arrivals: ArrivalPlan, _ random: Seeded, bins: Int, progress: (Double) -> Void
    ) throws -> CompletedRun {
        let configuration = configuration(random)
        if let problem = configuration.problem { throw problem }
        var options = VirtualServer.Options(
            devices: Array(
                repeating: DeviceModel(scenario.devices), count: scenario.devices.count), random)
        let duration = Interval(milliseconds: scenario.durationSeconds * 1_000)
        options.measuredFrom =
            .origin + Interval(milliseconds: scenario.warmupSeconds * 1_000)
        if policy.variants == .sticky, let variant = scenario.devices.variants.first {
            options.variantSwitch = VariantSwitch(
                loadTime: Interval(milliseconds: variant.loadMilliseconds))
        }
        if policy.breaker != .none {
            var settings = BreakerSettings()
            settings.tightens = policy.breaker == .adaptive
            options.breakers = settings
        }
        options.faults = scenario.faults.defects.map { $0.fault(until: scenario.durationSeconds) }
        options.retries = arrivals.retries
        if policy.advice == .turns { options.advice = RetryAdvice() }
        options.health = policy.health.settings
        options.health?.isDryRun = policy.healthIsDryRun
        options.memory = scenario.memory
        options.squeezes = scenario.faults.squeezes
        if bins > 0 { options.bins = SeriesBins(covering: duration, count: bins) }
        var server = VirtualServer(configuration, options)
        let load = ScenarioLoad(
            arrivals, classes: scenario.classes, faults: scenario.faults,
            seconds: scenario.durationSeconds, maxRequests: scenario.maxRequests,
            random.split("load"))
        let outcome = try withoutActuallyEscaping(progress) { progress in
            try server.run(ReportingLoad(load, until: .origin + duration, time: \.at, progress))
        }
        var run = CompletedRun()
        run.series = server.series
        run.controls = server.controls?.series ?? []
        run.fill(
            from: outcome, scenario.classes.map(\.name),
            seconds: scenario.measuredSeconds(outcome.measuredSeconds))
        return run
    }

    private func configuration(_ random: Seeded) -> SchedulerConfiguration {
        let device = DeviceModel(scenario.devices)
        let warmUp = random.split("warm-up")
        let unit = max(scenario.devices.referenceLength, 1)
        var configuration = SchedulerConfiguration(
            classes: scenario.classes.map(\.priorityClass), instances: scenario.devices.count,
            maxBatchRows: policy.maxBatch ?? scenario.limits.maxBatch,
            latency: device.warmedUp(warmUp, unit: unit))
        configuration.maxQueuedRequests = scenario.limits.maxQueued
        configuration.maxQueuedBytes = .max / 2
        configuration.guardInterval = Interval(milliseconds: scenario.limits.guardMilliseconds)
        configuration.policy = policy.policy
        configuration.fastFail = policy.fastFail
        if policy.splitsBursts { configuration.burstSplit = BurstSplit() }
        if policy.variants != .off {
            configuration.variantsAreResident = policy.variants == .perBatch
            configuration.cheaperVariants = scenario.devices.variants.indices.map { index in
                device.warmedUp(
                    warmUp.split("variant \(index)"), variant: index + 1, unit: unit)
            }
        }
        if scenario.devices.referenceLength > 0 { configuration.lengths = LengthPolicy() }
        if !scenario.arrivals.tenants.isEmpty {
            var tenants = TenantPolicy()
            tenants.grants = scenario.arrivals.tenants.map {
                TenantPolicy.Grant(TenantID($0.tenant), weight: $0.weight)
            }
            configuration.tenants = tenants
        }
        return configuration
    }
}

extension Scenario {
    /// Seconds over which counted requests came: `observed`, or what the file says.
    func measuredSeconds(_ observed: Double) -> Double {
        // A run that ends with its last request is over before its duration is.
        maxRequests == nil ? durationSeconds - warmupSeconds : max(observed, 1e-9)
    }
}

extension ScenarioClass {
    var priorityClass: PriorityClass {
        PriorityClass(
            name: name, weight: weight, floorShare: floorShare,
            defaultDeadline: Interval(milliseconds: deadlineMilliseconds))
    }
}

extension DeviceModel {
    /// One of the devices of a scenario; with a reference length it counts units instead of rows.
    init(_ devices: ScenarioDevices) {
        self.init(
            base: devices.baseMilliseconds,
            perRow: devices.perItemMilliseconds / Double(max(devices.referenceLength, 1)),
            tile: devices.tile)
        noise = devices.noise
        stallProbability = devices.stallProbability
        stallMilliseconds = devices.stallMilliseconds
        failureProbability = devices.failureProbability
        variantFactors = devices.variants.map(\.timeFactor)
    }
}
