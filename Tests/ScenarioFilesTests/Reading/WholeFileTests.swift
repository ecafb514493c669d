import Simulator
import Testing

@Suite("Reading models, targets and comparisons")
struct WholeFileTests {
    @Test("Several models share devices, and have classes of the file unless they bring their own")
    func models() throws {
        let read = try scenario(
            """
            name: shared
            devices: {count: 2, memory_mb: 1000}
            classes: [{name: a, deadline_ms: 50}]
            models:
              - name: one
                devices: {base_ms: 2, per_item_ms: 0.1}
                arrivals: {process: poisson, rate_rps: 100}
                resident_mb: 600
                per_item_mb: 0.5
                reload_ms: 300
                flops_per_byte: 40
              - name: two
                classes: [{name: b, deadline_ms: 90}]
                arrivals: {process: even, rate_rps: 10}
                gang: 2
                communication_ms: 0.4
            targets: [{policy: swb, class: two/b, figure: in_time_pct, at_least: 99}]
            """)
        #expect(read.models.map(\.name) == ["one", "two"])
        #expect(read.models[0].classes.map(\.name) == ["a"])
        #expect(read.models[0].residentMB == 600 && read.models[0].perItemMB == 0.5)
        #expect(read.models[0].reloadMilliseconds == 300 && read.models[0].flopsPerByte == 40)
        #expect(read.models[1].classes.map(\.name) == ["b"])
        #expect(read.models[1].gang == 2 && read.models[1].communicationMilliseconds == 0.4)
        #expect(read.targets.map(\.className) == ["two/b"])
    }

    @Test("Targets have one bound of three kinds")
    func targets() throws {
        let read = try scenario(
            minimal(
                """
                sweep: [2000, 1000]
                targets:
                  - {figure: latency_ms.p99, at_most: 76}
                  - {policy: swb, figure: in_time_rps, at_least: 12200, over: median}
                  - {policy: swb, figure: latency_ms.p99, value: 211, within_pct: 5, at_rate_rps: 1000, over: mean}
                """))
        #expect(read.sweepRatesPerSecond == [1_000, 2_000])
        #expect(
            read.targets.map(\.bound) == [
                .atMost(76), .atLeast(12_200), .within(percent: 5, of: 211),
            ])
        #expect(read.targets.map(\.over) == [.every, .median, .mean])
        #expect(read.targets.map(\.atRatePerSecond) == [nil, nil, 1_000])
        #expect(read.targets.allSatisfy { $0.policy == "swb" })
    }

    @Test("Search, references, limits, faults, variants and the optimum are read")
    func rest() throws {
        let read = try scenario(
            minimal(
                """
                about: A sentence.
                optimum: true
                seeds: 3
                devices: {variants: [{name: int8, time_factor: 0.6}], reference_length: 128, failure_probability: 0.1}
                search: {low_rps: 100, high_rps: 200, figure: latency_ms.p99, at_most: 50, resolution_rps: 5}
                limits: {max_batch: 64, max_queued: 1000, guard_ms: 1}
                faults: {cancel_share: 0.1, cancel_after_ms: 5, outages: [{instance: 0, at_s: 2, for_s: 1}]}
                references: [{name: source, mean_ms: 47, p99_ms: 183, error_pct: 0.6, rate_rps: 85000}]
                """))
        #expect(read.about == "A sentence." && read.comparesWithOptimum && read.seeds == 3)
        #expect(read.devices.variants == [VariantPlan(name: "int8", timeFactor: 0.6)])
        #expect(read.devices.referenceLength == 128 && read.devices.failureProbability == 0.1)
        var search = RateSearch(lowPerSecond: 100, highPerSecond: 200)
        search.figure = "latency_ms.p99"
        search.atMost = 50
        search.resolutionPerSecond = 5
        #expect(read.search == search)
        #expect(read.limits.maxBatch == 64 && read.limits.maxQueued == 1_000)
        #expect(read.limits.guardMilliseconds == 1)
        #expect(read.faults.cancelShare == 0.1 && read.faults.cancelAfterMilliseconds == 5)
        #expect(
            read.faults.outages == [FaultPlan.Outage(instance: 0, atSecond: 2, forSeconds: 1)])
        let row = try #require(read.references.first)
        #expect(row.name == "source" && row.p99Milliseconds == 183)
        #expect(row.meanMilliseconds == 47 && row.errorPercent == 0.6)
        #expect(row.ratePerSecond == 85_000)
    }

    @Test("Recorded traffic names its file; the shell reads it")
    func trace() throws {
        let read = try scenario(
            "name: x\narrivals: {process: trace, file: a.csv, format: azure, speed: 2, repeat: true}"
        )
        guard case .trace(let plan) = read.arrivals.process else {
            Issue.record("not a trace: \(read.arrivals.process)")
            return
        }
        #expect(plan.file == "a.csv" && plan.format == "azure" && plan.speed == 2 && plan.repeats)
    }

    @Test("Anchors, quotes and comments of YAML work")
    func yaml() throws {
        let read = try scenario(
            """
            # what this is about
            name: "a: b"
            classes:
              - &base {name: one, deadline_ms: 50}
              - {name: 'two', deadline_ms: 5.0e+1}
            arrivals: {process: "poisson", rate_rps: 1_000}
            """)
        #expect(read.name == "a: b")
        #expect(read.classes.map(\.deadlineMilliseconds) == [50, 50])
        #expect(read.arrivals.process == .poisson(ratePerSecond: 1_000))
    }
}
