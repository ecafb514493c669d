internal import SchedulerCore
internal import ServingModel

/// The settings of each policy that another server has; absent keys keep the default.
extension Section {
    func interval(_ name: String) -> Interval? {
        number(name).map { Interval(milliseconds: $0) }
    }

    var staticBatch: StaticSettings {
        var settings = StaticSettings()
        if let batch = integer("batch") { settings.batch = batch }
        if let wait = interval("max_wait_ms") { settings.maxWait = wait }
        return settings
    }

    var window: WindowSettings {
        var settings = WindowSettings()
        if let batch = integer("max_batch") { settings.maxBatch = batch }
        // A bound that is named moves a default that lies beyond it.
        let shortest = interval("min_ms")
        let longest = interval("max_ms")
        let window = interval("window_ms")
        settings.shortest =
            shortest ?? min(settings.shortest, longest ?? window ?? settings.shortest)
        settings.longest = longest ?? max(settings.longest, shortest ?? window ?? settings.longest)
        settings.window = window ?? min(max(settings.window, settings.shortest), settings.longest)
        if settings.shortest > settings.longest {
            report(
                "min_ms",
                "\(place("min_ms")) is above max_ms; allowed: min_ms <= window_ms <= max_ms")
            settings = WindowSettings()
        } else if settings.window < settings.shortest || settings.window > settings.longest {
            report(
                "window_ms",
                "\(place("window_ms")) is \(FigureText.plain(settings.window.milliseconds)); allowed: "
                    + "\(FigureText.plain(settings.shortest.milliseconds)) (min_ms) to "
                    + "\(FigureText.plain(settings.longest.milliseconds)) (max_ms)")
            settings = WindowSettings()
        }
        if let every = integer("every") { settings.every = every }
        if let factor = number("factor") { settings.factor = factor }
        if let smoothing = number("smoothing") { settings.smoothing = smoothing }
        if let weights = integers("weights") { settings.weights = weights }
        return settings
    }

    var triton: TritonSettings {
        var settings = TritonSettings()
        if let preferred = integers("preferred") { settings.preferred = preferred.sorted() }
        if let delay = interval("delay_ms") { settings.delay = delay }
        settings.maxBatch = integer("max_batch")
        if let timeouts = numbers("timeout_ms") {
            settings.timeouts = timeouts.map { Interval(milliseconds: $0) }
        }
        if let action = text("timeout_action").flatMap(TritonSettings.TimeoutAction.init) {
            settings.timeoutAction = action
        }
        if let priorities = truth("priorities") { settings.priorities = priorities }
        if let most = integer("max_queue") { settings.maxQueue = most }
        return settings
    }

    var bentoml: BentoMLSettings {
        var settings = BentoMLSettings()
        settings.maxBatch = integer("max_batch")
        settings.maxLatency = interval("max_latency_ms")
        if let kept = integer("kept") { settings.keptCalls = kept }
        if let refresh = number("refresh_s") {
            settings.refresh = Interval(milliseconds: refresh * 1_000)
        }
        if let wait = interval("wait_ms") { settings.wait = wait }
        if let decay = number("decay") { settings.decay = decay }
        if let tick = interval("tick_ms") { settings.tick = tick }
        return settings
    }

    var clipper: ClipperSettings {
        var settings = ClipperSettings()
        settings.maxBatch = integer("max_batch")
        if let decay = number("budget_decay") { settings.budgetDecay = decay }
        if let mean = number("explore_mean") { settings.exploreMean = mean }
        if let deviation = number("explore_deviation") { settings.exploreDeviation = deviation }
        if let deviations = number("deviations") { settings.deviations = deviations }
        if let samples = integer("minimum_samples") { settings.minimumSamples = samples }
        if let rows = integer("additive_until") { settings.additiveUntil = rows }
        if let every = integer("fit_every") { settings.fitEvery = every }
        if let pretrained = truth("pretrained") { settings.isPretrained = pretrained }
        if let seed = integer("seed") { settings.seed = UInt64(seed) }
        return settings
    }

    var nexus: NexusSettings {
        var settings = NexusSettings()
        settings.maxBatch = integer("max_batch")
        settings.batch = integer("batch")
        settings.timeLimit = interval("slo_ms")
        return settings
    }

    var clockwork: ClockworkSettings {
        var settings = ClockworkSettings()
        if let sizes = integers("sizes") {
            if zip(sizes, sizes.dropFirst()).allSatisfy({ $0 < $1 }) {
                settings.sizes = sizes
            } else {
                report(
                    "sizes", "\(place("sizes")) does not ascend; allowed: each larger than the last"
                )
            }
        }
        settings.maxBatch = integer("max_batch")
        if let history = integer("history") { settings.history = history }
        if let percentile = number("percentile") { settings.percentile = percentile }
        if let margin = number("initial_margin") { settings.initialMargin = margin }
        return settings
    }

    var greedy: GreedySettings { GreedySettings(maxBatch: integer("max_batch")) }
}
