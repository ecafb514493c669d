import ScenarioFiles
import SchedulerCore
import ServingModel
import Simulator
import Testing

@Suite("Reading scenario files")
struct ExampleTests {
    static let headline = """
        name: headline
        seed: 1
        duration_s: 25
        warmup_s: 3
        devices: {count: 1, base_ms: 1.39, per_item_ms: 0.0793, noise: 0.02, stall_probability: 0.0005, stall_ms: [20, 60], tile: 1, memory_mb: 16384}
        classes: [{name: high, share: 0.2, weight: 8, deadline_ms: 40}, {name: medium, share: 0.4, weight: 3, deadline_ms: 120}, {name: low, share: 0.4, weight: 1, deadline_ms: 1000}]
        arrivals: {process: poisson, rate_rps: 12000}      # mmpp | diurnal | pareto | step | ramp | trace, each with its own documented fields
        policies: [swb, {triton: {preferred: [128], delay_ms: 5}}, {window: {max_batch: 60}}, {static: {batch: 1280}}]
        """

    @Test("The headline scenario loads as it was written")
    func headline() throws {
        let read = try scenario(Self.headline)
        #expect(read.name == "headline")
        #expect(read.seed == 1 && read.seeds == 1)
        #expect(read.durationSeconds == 25 && read.warmupSeconds == 3)
        #expect(read.devices.count == 1)
        #expect(read.devices.baseMilliseconds == 1.39)
        #expect(read.devices.perItemMilliseconds == 0.0793)
        #expect(read.devices.noise == 0.02)
        #expect(read.devices.stallProbability == 0.0005)
        #expect(read.devices.stallMilliseconds == 20...60)
        #expect(read.devices.memoryMB == 16_384)
        #expect(read.classes.map(\.name) == ["high", "medium", "low"])
        #expect(read.classes.map(\.share) == [0.2, 0.4, 0.4])
        #expect(read.classes.map(\.weight) == [8, 3, 1])
        #expect(read.classes.map(\.deadlineMilliseconds) == [40, 120, 1_000])
        #expect(read.classes.map(\.floorShare) == [0, 0.10, 0.05])
        #expect(read.arrivals == ArrivalPlan(.poisson(ratePerSecond: 12_000)))
        #expect(read.policies.map(\.name) == ["swb", "triton", "window", "static"])
        #expect(
            read.policies.map(\.policy) == [
                .slackAware, .triton(TritonSettings(preferred: [128], delay: .milliseconds(5))),
                .window(WindowSettings(maxBatch: 60)), .staticBatch(StaticSettings(batch: 1_280)),
            ])
    }

    @Test("A scenario with two lines has the defaults of everything else")
    func defaults() throws {
        let read = try scenario(minimal(""))
        var expected = Scenario(name: "x")
        expected.arrivals = ArrivalPlan(.poisson(ratePerSecond: 100))
        #expect(read == expected)
    }

    @Test(
        "A policy can be spelt as a name, with settings, and with a name of its own",
        arguments: [
            ("triton", "triton", Policy.triton(TritonSettings())),
            ("{triton: }", "triton", .triton(TritonSettings())),
            ("{triton: {}}", "triton", .triton(TritonSettings())),
            (
                "{name: t512, triton: {max_batch: 512}}", "t512",
                .triton(TritonSettings(preferred: [], maxBatch: 512))
            ),
            ("{name: 60, greedy: {max_batch: 60}}", "60", .greedy(GreedySettings(maxBatch: 60))),
            ("swb", "swb", .slackAware),
        ])
    func spellings(text: String, name: String, policy: Policy) throws {
        let read = try scenario(minimal("policies: [\(text)]"))
        #expect(read.policies == [ScenarioPolicy(policy, name: name)])
    }

    @Test("Every setting of every policy reaches it")
    func settings() throws {
        let read = try scenario(
            minimal(
                """
                policies:
                  - static: {batch: 7, max_wait_ms: 8}
                  - window: {max_batch: 61, window_ms: 21, min_ms: 11, max_ms: 31, every: 5, factor: 1.5, smoothing: 0.5, weights: [4, 2]}
                  - triton: {preferred: [64, 128], delay_ms: 2.5, max_batch: 256, timeout_ms: [30, 90], timeout_action: DELAY, priorities: false, max_queue: 99}
                  - bentoml: {max_batch: 62, max_latency_ms: 70, kept: 20, refresh_s: 3, wait_ms: 9, decay: 0.9, tick_ms: 2}
                  - clipper: {max_batch: 63, budget_decay: 0.8, explore_mean: 0.2, explore_deviation: 0.1, deviations: 2, minimum_samples: 7, additive_until: 5, fit_every: 9, pretrained: false, seed: 4}
                  - nexus: {max_batch: 65, batch: 32, slo_ms: 75}
                  - clockwork: {sizes: [1, 4, 16], max_batch: 66, history: 50, percentile: 0.95, initial_margin: 1.1}
                  - greedy: {max_batch: 67}
                  - swb: {max_batch: 68, fast_fail: tail, variants: sticky, burst_split: true}
                """))
        var window = WindowSettings(maxBatch: 61)
        window.window = .milliseconds(21)
        window.shortest = .milliseconds(11)
        window.longest = .milliseconds(31)
        window.every = 5
        window.factor = 1.5
        window.smoothing = 0.5
        window.weights = [4, 2]
        var triton = TritonSettings(
            preferred: [64, 128], delay: .microseconds(2_500), maxBatch: 256,
            timeouts: [.milliseconds(30), .milliseconds(90)])
        triton.timeoutAction = .delay
        triton.priorities = false
        triton.maxQueue = 99
        var staticBatch = StaticSettings(batch: 7)
        staticBatch.maxWait = .milliseconds(8)
        #expect(
            read.policies.prefix(3).map(\.policy) == [
                .staticBatch(staticBatch), .window(window), .triton(triton),
            ])
        var swb = ScenarioPolicy(.slackAware, name: "swb")
        swb.maxBatch = 68
        swb.fastFail = .tail
        swb.variants = .sticky
        swb.splitsBursts = true
        #expect(read.policies.last == swb)
        #expect(read.policies[7].policy == .greedy(GreedySettings(maxBatch: 67)))
        try learningSettings(read)
    }

    private func learningSettings(_ read: Scenario) throws {
        var bentoml = BentoMLSettings()
        bentoml.maxBatch = 62
        bentoml.maxLatency = .milliseconds(70)
        bentoml.keptCalls = 20
        bentoml.refresh = .seconds(3)
        bentoml.wait = .milliseconds(9)
        bentoml.decay = 0.9
        bentoml.tick = .milliseconds(2)
        var clipper = ClipperSettings()
        clipper.maxBatch = 63
        clipper.budgetDecay = 0.8
        clipper.exploreMean = 0.2
        clipper.exploreDeviation = 0.1
        clipper.deviations = 2
        clipper.minimumSamples = 7
        clipper.additiveUntil = 5
        clipper.fitEvery = 9
        clipper.isPretrained = false
        clipper.seed = 4
        var nexus = NexusSettings()
        nexus.maxBatch = 65
        nexus.batch = 32
        nexus.timeLimit = .milliseconds(75)
        var clockwork = ClockworkSettings()
        clockwork.sizes = [1, 4, 16]
        clockwork.maxBatch = 66
        clockwork.history = 50
        clockwork.percentile = 0.95
        clockwork.initialMargin = 1.1
        #expect(
            read.policies[3...6].map(\.policy) == [
                .bentoml(bentoml), .clipper(clipper), .nexus(nexus), .clockwork(clockwork),
            ])
    }

    @Test(
        "Each arrival process has its own keys",
        arguments: [
            ("process: even, rate_rps: 5", ArrivalPlan.Process.even(ratePerSecond: 5)),
            (
                "process: mmpp, rates_rps: [10, 20], dwell_ms: 400",
                .mmpp(ratesPerSecond: [10, 20], dwellMilliseconds: [400])
            ),
            (
                "process: mmpp, rates_rps: [10, 20], dwell_ms: [400, 100]",
                .mmpp(ratesPerSecond: [10, 20], dwellMilliseconds: [400, 100])
            ),
            (
                "process: diurnal, rate_rps: 9000, amplitude: 0.25, period_s: 4",
                .diurnal(ratePerSecond: 9_000, amplitude: 0.25, periodSeconds: 4)
            ),
            (
                "process: pareto, rate_rps: 9000, alpha: 1.3, max_clump: 500",
                .pareto(ratePerSecond: 9_000, alpha: 1.3, maxClump: 500)
            ),
            (
                "process: step, levels_rps: [1, 2, 1], at_s: [0, 3, 6]",
                .step(levelsPerSecond: [1, 2, 1], atSeconds: [0, 3, 6])
            ),
            (
                "process: ramp, points: [[0, 20000], [5, 85000]]",
                .ramp(points: [
                    RatePoint(second: 0, ratePerSecond: 20_000),
                    RatePoint(second: 5, ratePerSecond: 85_000),
                ])
            ),
            (
                "process: ramp, from_rps: 1, to_rps: 9",
                .ramp(points: [
                    RatePoint(second: 0, ratePerSecond: 1),
                    RatePoint(second: 25, ratePerSecond: 9),
                ])
            ),
        ])
    func processes(text: String, process: ArrivalPlan.Process) throws {
        let read = try scenario("name: x\narrivals: {\(text)}")
        #expect(read.arrivals.process == process)
    }

    @Test("Rows, lengths, popular inputs, tenants and micro-bursts go with any process")
    func extras() throws {
        let read = try scenario(
            """
            name: x
            arrivals:
              process: poisson
              rate_rps: 10
              rows: {uniform: [1, 8]}
              lengths: {log_normal: {median: 120, sigma: 0.8, min: 1, max: 512}}
              popular: {share: 0.3, inputs: 40}
              tenants: [{tenant: 1, share: 3}, {tenant: 2}]
              micro_bursts: {size: 200, every_ms: 50}
            """
        ).arrivals
        #expect(read.rows == .uniform(1...8))
        #expect(read.lengths == .logNormal(median: 120, sigma: 0.8, range: 1...512))
        #expect(read.popular == PopularInputs(share: 0.3, inputs: 40))
        #expect(
            read.tenants == [TenantShare(tenant: 1, share: 3), TenantShare(tenant: 2, share: 1)])
        #expect(read.microBursts == MicroBursts(size: 200, everyMilliseconds: 50))
        let choice = try scenario(
            "name: x\narrivals: {process: even, rate_rps: 1, rows: {choice: {128: 3, 512: 1.5}}}")
        #expect(
            choice.arrivals.rows
                == .choice([
                    WeightedSize(size: 128, weight: 3), WeightedSize(size: 512, weight: 1.5),
                ]))
    }
}
