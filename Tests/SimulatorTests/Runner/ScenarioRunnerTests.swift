internal import SchedulerCore
internal import ServingModel
internal import Simulator
internal import Testing
internal import TraceFormat

@Suite("Scenario runner", .serialized)
struct ScenarioRunnerTests {
    /// A second of moderate load on device M with noise.
    static func scenario(rate: Double = 3_000, seconds: Double = 1) -> Scenario {
        var scenario = Scenario(name: "test")
        scenario.durationSeconds = seconds
        scenario.warmupSeconds = 0.1
        scenario.devices.noise = 0.02
        scenario.arrivals = ArrivalPlan(.poisson(ratePerSecond: rate))
        return scenario
    }

    @Test("One seed gives one report, another seed another")
    func determinism() throws {
        let runner = ScenarioRunner(Self.scenario())
        let first = try runner.run(seed: 1)
        #expect(try runner.run(seed: 1) == first)
        #expect(try runner.run(seed: 2) != first)
    }

    @Test("The arrivals of a seed are those that were recorded once, in every process")
    func golden() {
        var plan = ArrivalPlan(
            .mmpp(ratesPerSecond: [200, 2_000], dwellMilliseconds: [50, 20]))
        plan.rows = .logNormal(median: 4, sigma: 1, range: 1...64)
        plan.tenants = [
            TenantShare(tenant: 1, share: 2), TenantShare(tenant: 2, share: 1),
        ]
        var faults = FaultPlan()
        faults.cancelShare = 0.2
        faults.outages = [FaultPlan.Outage(instance: 0, atSecond: 0.3, forSeconds: 0.1)]
        let classes = [
            ScenarioClass(name: "a", deadlineMilliseconds: 10),
            ScenarioClass(name: "b", deadlineMilliseconds: 20),
        ]
        let load = ScenarioLoad(plan, classes: classes, faults: faults, seconds: 1, Seeded(9))
        var hash = StableHash()
        for stimulus in load {
            hash.combine(stimulus.at.nanoseconds)
            switch stimulus.kind {
            case .arrive(let arrival):
                hash.combine(UInt64(arrival.rows * 16 + arrival.priorityClass.rawValue))
                hash.combine(UInt64(arrival.tenant.rawValue))
            case .cancel(let id): hash.combine(id.rawValue)
            case .lose: hash.combine("lose")
            case .restore: hash.combine("restore")
            case .hold: hash.combine("hold")
            case .probe: hash.combine("probe")
            case .limit: hash.combine("limit")
            case .limitQueue: hash.combine("limit queue")
            case .prefer: hash.combine("prefer")
            case .drain: hash.combine("drain")
            case .variant: hash.combine("variant")
            }
        }
        #expect(hash.hexadecimal == Self.recordedLoad)
    }

    @Test("All policies meet the same arrivals, and every request ends")
    func samePolicies() throws {
        var scenario = Self.scenario()
        scenario.policies = [
            ScenarioPolicy(.slackAware), ScenarioPolicy(.slackAware, name: "small"),
        ]
        scenario.policies[1].maxBatch = 4
        let report = try ScenarioRunner(scenario).run(seed: 1)
        #expect(report.policies.map(\.name) == ["swb", "small"])
        let figures = report.policies.map(\.figures)
        #expect(figures[0].offeredPerSecond == figures[1].offeredPerSecond)
        #expect(figures[1].meanBatch <= 4 && figures[0].meanBatch != figures[1].meanBatch)
        for entry in figures {
            let sum =
                entry.inTimePercent + entry.latePercent + entry.rejectedPercent
                + entry.failedPercent
            #expect(abs(sum - 100) < 1e-9)
        }
    }

    @Test("Faults end requests, and none is lost")
    func faults() throws {
        var scenario = Self.scenario(rate: 6_000)
        scenario.devices.count = 2
        scenario.devices.failureProbability = 0.1
        scenario.faults.cancelShare = 0.3
        scenario.faults.cancelAfterMilliseconds = 1
        scenario.faults.outages = [
            FaultPlan.Outage(instance: 0, atSecond: 0.2, forSeconds: 0.2),
            FaultPlan.Outage(instance: 1, atSecond: 0.3, forSeconds: 0.2),
        ]
        let figures = try ScenarioRunner(scenario).run(seed: 4).policies[0].figures
        #expect(figures.failedPercent > 3)
        // Both instances are away for a tenth of the run.
        #expect(figures.rejectedPercent > 5)
        let cancelled =
            100 - figures.inTimePercent - figures.latePercent - figures.rejectedPercent
            - figures.failedPercent
        #expect(cancelled > 2 && cancelled < 30, "\(cancelled)")
        scenario.devices.failureProbability = 0
        scenario.faults = FaultPlan()
        let calm = try ScenarioRunner(scenario).run(seed: 4).policies[0].figures
        #expect(calm.inTimePercent > 99.9)
    }

    @Test("The search finds the rate of the bound (1 - 2 a / D) / c")
    func search() throws {
        var scenario = Self.scenario()
        scenario.devices.noise = 0
        scenario.devices.baseMilliseconds = 2
        scenario.devices.perItemMilliseconds = 0.5
        scenario.classes[0].deadlineMilliseconds = 40
        scenario.limits.guardMilliseconds = 0
        scenario.arrivals = ArrivalPlan(.even(ratePerSecond: 1_000))
        scenario.durationSeconds = 3
        scenario.warmupSeconds = 0.5
        var search = RateSearch(lowPerSecond: 1_000, highPerSecond: 2_500)
        search.figure = "error_pct"
        search.atMost = 1
        search.resolutionPerSecond = 20
        scenario.search = search
        let bound = (1 - 2 * 2 / 40.0) / 0.5 * 1_000
        let found = try #require(
            try ScenarioRunner(scenario).run(seed: 1).policies[0].maxRatePerSecond)
        #expect(found > 0.95 * bound && found < 1.04 * bound, "\(found) beside \(bound)")
        scenario.search?.lowPerSecond = 2_400
        #expect(try ScenarioRunner(scenario).run(seed: 1).policies[0].maxRatePerSecond == nil)
    }

    @Test(
        "A variant that has to be loaded helps after its load, a resident one at once, none not at all"
    )
    func variants() throws {
        var scenario = Self.scenario(rate: 16_000, seconds: 2.5)
        scenario.devices.variants = [VariantPlan(name: "quantised", timeFactor: 0.6)]
        scenario.policies = ScenarioPolicy.VariantRule.allCases.map { rule in
            var policy = ScenarioPolicy(.slackAware, name: rule.rawValue)
            policy.variants = rule
            return policy
        }
        let report = try ScenarioRunner(scenario).run(seed: 1)
        func inTime(_ name: String) -> Double {
            report.figure("in_time_pct", policy: name) ?? .nan
        }
        #expect(report.figure("cheaper_variant_pct", policy: "off") == 0)
        #expect(inTime("off") < 80)
        #expect(inTime("per_batch") > 99.5)
        // A second of the run is the load.
        #expect(inTime("sticky") > inTime("off") + 5 && inTime("sticky") < 95)
    }

    @Test("What waits and runs is rate times latency (Little's law)")
    func little() throws {
        var scenario = Self.scenario(rate: 9_000, seconds: 2)
        scenario.warmupSeconds = 0
        let entry = try ScenarioRunner(scenario).run(seed: 2).policies[0]
        let bins = entry.series.queued.count
        let inside =
            (entry.series.queued.reduce(0, +) + entry.series.inFlight.reduce(0, +))
            / Double(bins)
        let expected = entry.figures.offeredPerSecond * entry.figures.latency.mean / 1_000
        #expect(abs(inside / expected - 1) < 0.05, "\(inside) beside \(expected)")
        #expect(abs(entry.series.binSeconds * Double(bins) - 2) < 0.01)
    }

    @Test("A sweep reports every rate, and latency grows with it")
    func sweep() throws {
        var scenario = Self.scenario()
        scenario.sweepRatesPerSecond = [1_000, 6_000, 10_000]
        let sweep = try ScenarioRunner(scenario).run(seed: 1).policies[0].sweep
        #expect(sweep.map(\.ratePerSecond) == [1_000, 6_000, 10_000])
        let latencies = sweep.map(\.figures.latency.p99)
        #expect(latencies == latencies.sorted())
        #expect(abs(sweep[1].figures.offeredPerSecond / 6_000 - 1) < 0.05)
    }

    @Test("Progress ascends to the end, through all seeds and policies")
    func progress() throws {
        var scenario = Self.scenario(seconds: 0.3)
        scenario.seeds = 2
        scenario.policies.append(ScenarioPolicy(.slackAware, name: "again"))
        var parts: [Double] = []
        var seen: Set<String> = []
        let result = try ScenarioRunner(scenario).run { progress in
            parts.append(progress.fraction)
            seen.insert("\(progress.seed) \(progress.policy)")
        }
        #expect(parts == parts.sorted())
        #expect(abs((parts.last ?? 0) - 1) < 1e-9)
        #expect(parts.count > 50)
        #expect(seen.count == 4)
        #expect(result.reports.map(\.seed) == [1, 2])
    }

    @Test("A cache would catch what comes twice, and popular inputs come twice")
    func repeatedInputs() throws {
        var scenario = Self.scenario(seconds: 0.5)
        #expect(try ScenarioRunner(scenario).run(seed: 1).repeatedInputsPercent == nil)
        scenario.arrivals.popular = PopularInputs(share: 0.5, inputs: 10)
        let caught = try #require(try ScenarioRunner(scenario).run(seed: 1).repeatedInputsPercent)
        #expect(caught > 45 && caught < 55, "\(caught)")
    }

    @Test("What cannot be run is refused with the key that is wrong")
    func validation() {
        func key(_ change: (inout Scenario) -> Void) -> String? {
            var scenario = Self.scenario()
            change(&scenario)
            do {
                try scenario.validate()
                return nil
            } catch {
                return error.key
            }
        }
        #expect(key { _ in } == nil)
        #expect(key { $0.warmupSeconds = 2 } == "warmup_s")
        #expect(key { $0.devices.tile = 0 } == "devices.tile")
        #expect(key { $0.classes[0].floorShare = 0.7 } == "classes.default.floor_share")
        #expect(
            key { $0.arrivals.process = .poisson(ratePerSecond: 0) } == "arrivals.rate_rps")
        #expect(
            key { $0.targets = [ScenarioTarget(policy: "x", figure: "late_pct", .atMost(1))] }
                == "targets.policy")
        #expect(
            key { $0.targets = [ScenarioTarget(policy: "swb", figure: "x", .atMost(1))] }
                == "targets.figure")
    }
}
