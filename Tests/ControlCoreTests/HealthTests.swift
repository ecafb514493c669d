internal import ControlCore
internal import SchedulerTesting
internal import ServingModel
internal import Simulator
internal import Testing

@Suite("Health rules")
struct HealthTests {
    private func at(_ seconds: Double) -> Instant {
        .origin + Interval(milliseconds: seconds * 1_000)
    }

    private func controller(
        _ rule: HealthRule, _ change: (inout HealthSettings) -> Void = { _ in }
    ) -> HealthController {
        var settings = HealthSettings()
        settings.rules = [rule]
        change(&settings)
        return HealthController(settings)
    }

    /// Samples once a second from `first` on, and answers what was decided at which second.
    private func feed(
        _ controller: inout HealthController, from first: Int, _ samples: [HealthSample]
    ) -> [Int: HealthDecision] {
        var decisions: [Int: HealthDecision] = [:]
        for (index, sample) in samples.enumerated() {
            let changes = controller.observe(sample, at: at(Double(first + index)))
            if let change = changes.first { decisions[first + index] = change.decision }
        }
        return decisions
    }

    // MARK: Batches

    private func limited(
        _ rows: Int, utilization: Double = 0.6, leavesWork: Bool = true, memory: Double? = 0.5
    ) -> HealthSample {
        var sample = HealthSample()
        sample.rows = rows
        sample.widestRows = 100
        sample.utilization = utilization
        sample.leavesWork = leavesWork
        sample.memory = memory
        return sample
    }

    @Test("A learnt limit is raised by half every five seconds, to where there was none")
    func raise() {
        var rules = controller(.batches)
        #expect(feed(&rules, from: 0, [limited(40)]) == [0: .rows(60)])
        let held = Array(repeating: limited(60), count: 5)
        #expect(feed(&rules, from: 1, held) == [5: .rows(90)])
        #expect(feed(&rules, from: 20, [limited(90)]) == [20: .rows(100)])
        #expect(feed(&rules, from: 30, [limited(100)]) == [:])
        #expect(rules.changes(by: .batches) == 3)
        var small = controller(.batches)
        #expect(feed(&small, from: 0, [limited(1)]) == [0: .rows(2)], "one at the least")
    }

    @Test("Nothing is raised without need, without a limit, or while memory is short")
    func content() {
        var rules = controller(.batches)
        let samples = [
            limited(60, utilization: 0.85), limited(60, leavesWork: false), limited(100),
            limited(60, memory: 0.8),
        ]
        #expect(feed(&rules, from: 0, samples) == [:])
        #expect(feed(&rules, from: 9, [limited(60, memory: nil)]) == [9: .rows(90)])
    }

    @Test("What did not fit again is tried half as often, up to the longest pause")
    func backOff() {
        var rules = controller(.batches) { $0.longestBatchPause = .seconds(30) }
        let tries = feed(&rules, from: 0, Array(repeating: limited(60), count: 100))
        #expect(tries.keys.sorted() == [0, 10, 30, 60, 90], "5 doubled twice, then the longest")
        let after = feed(&rules, from: 120, [limited(60), limited(90)])
        #expect(after == [120: .rows(90)])
        #expect(feed(&rules, from: 150, [limited(90)]) == [150: .rows(100)], "it fits")
        #expect(feed(&rules, from: 155, [limited(80)]) == [:], "and does not again")
        #expect(feed(&rules, from: 160, [limited(80)]) == [160: .rows(100)], "from the start")
        #expect(feed(&rules, from: 161, [limited(100)]) == [:])
    }

    // MARK: Memory

    private func full(_ memory: Double?, waiting: Int = 1_000) -> HealthSample {
        var sample = HealthSample()
        sample.memory = memory
        sample.mostWaiting = waiting
        sample.longestQueue = 16_384
        return sample
    }

    @Test("Each second above the threshold cuts a fifth of what waits, down to one request")
    func cut() {
        var rules = controller(.memory)
        #expect(feed(&rules, from: 0, [full(0.90)]) == [:], "not above it")
        let cuts = feed(&rules, from: 1, [full(0.91), full(0.93), full(0.95)])
        #expect(cuts == [1: .requests(800), 2: .requests(640), 3: .requests(512)])
        #expect(rules.mostRequests == 512)
        #expect(rules.observe(full(0.97), at: at(3.9)).isEmpty, "within the second")
        #expect(feed(&rules, from: 4, [full(0.99, waiting: 2)]) == [4: .requests(1)])
        #expect(feed(&rules, from: 5, [full(1.2), full(1.4)]) == [:], "no lower")
        var idle = full(0.95, waiting: 1)
        idle.rows = 50
        var quiet = controller(.memory)
        #expect(feed(&quiet, from: 0, [idle]) == [0: .requests(40)], "the largest batch may wait")
    }

    @Test("Below the calm threshold a twentieth comes back each second, until there is no limit")
    func recover() {
        var rules = controller(.memory)
        _ = feed(&rules, from: 0, [full(0.95, waiting: 125)])
        #expect(rules.mostRequests == 100)
        #expect(feed(&rules, from: 1, [full(0.85), full(0.80)]) == [:], "the band")
        let back = feed(&rules, from: 3, [full(0.79), full(0.5), full(nil), full(0.5)])
        #expect(back == [3: .requests(105), 4: .requests(110), 6: .requests(115)])
        #expect(feed(&rules, from: 7, [full(0.5, waiting: 57)]) == [7: .requests(230)], "unused")
        var short = full(0.5)
        short.longestQueue = 240
        #expect(feed(&rules, from: 8, [short]) == [8: .requests(240)])
        #expect(rules.mostRequests == nil)
        #expect(feed(&rules, from: 9, [short]) == [:])
    }

    @Test("Cuts without an effect end, and are taken back until the memory has risen again")
    func futile() {
        var rules = controller(.memory)
        let flat = feed(&rules, from: 0, Array(repeating: full(0.92), count: 7))
        let cuts = [800, 640, 512, 409, 327].enumerated().map { ($0.offset, $0.element) }
        var expected = Dictionary(
            uniqueKeysWithValues: cuts.map { ($0.0, HealthDecision.requests($0.1)) })
        expected[6] = .requests(343)
        #expect(flat == expected, "five cuts, a look, and back")
        #expect(feed(&rules, from: 7, [full(0.935)]) == [7: .requests(360)])
        #expect(feed(&rules, from: 8, [full(0.945)]) == [8: .requests(288)], "it has risen")
    }

    // MARK: Latency

    private func slow(
        _ milliseconds: UInt64?, load: Double = 1, variants: Int = 1
    ) -> HealthSample {
        var sample = HealthSample()
        sample.meanLatency = milliseconds.map { .milliseconds($0) }
        sample.load = load
        sample.cheaperVariants = variants
        return sample
    }

    @Test("Two seconds above half a second prefer the cheaper variant, once for each variant")
    func prefer() {
        var rules = controller(.latency)
        #expect(feed(&rules, from: 0, [slow(500), slow(501), slow(499)]) == [:])
        let on = feed(&rules, from: 3, Array(repeating: slow(600), count: 20))
        #expect(on == [5: .variant(VariantIndex(1))])
        #expect(rules.preferredVariant == VariantIndex(1))
        var ladder = controller(.latency)
        let down = feed(&ladder, from: 0, Array(repeating: slow(600, variants: 2), count: 20))
        #expect(down == [2: .variant(VariantIndex(1)), 12: .variant(VariantIndex(2))])
    }

    @Test("A model that is slow by itself, or has no variant, keeps its quality")
    func keep() {
        var rules = controller(.latency)
        #expect(feed(&rules, from: 0, Array(repeating: slow(900, load: 0.8), count: 9)) == [:])
        #expect(feed(&rules, from: 9, Array(repeating: slow(900, variants: 0), count: 9)) == [:])
        #expect(feed(&rules, from: 18, Array(repeating: slow(nil), count: 9)) == [:])
    }

    @Test(
        "Five seconds of less load bring the full model back, ten after the change at the earliest")
    func release() {
        var rules = controller(.latency)
        _ = feed(&rules, from: 0, Array(repeating: slow(600), count: 3))
        #expect(rules.preferredVariant == VariantIndex(1))
        let quick = feed(&rules, from: 3, Array(repeating: slow(100), count: 20))
        #expect(quick == [:], "the load still needs it")
        let calm = Array(repeating: slow(100, load: 0.8), count: 4) + [slow(100, load: 0.9)]
        #expect(feed(&rules, from: 23, calm) == [:], "four seconds")
        let off = feed(&rules, from: 28, Array(repeating: slow(100, load: 0.8), count: 9))
        #expect(off == [33: .variant(.full)])
        var hurried = controller(.latency)
        _ = feed(&hurried, from: 0, Array(repeating: slow(600), count: 3))
        let early = feed(&hurried, from: 3, Array(repeating: slow(1, load: 0.1), count: 12))
        #expect(early == [12: .variant(.full)])
    }

    // MARK: All

    @Test("Rules that are off say nothing")
    func off() {
        var rules = controller(.latency)
        #expect(rules.observe(full(0.99), at: at(0)).isEmpty)
        #expect(rules.observe(limited(60), at: at(1)).isEmpty)
    }

    @Test("Whatever the samples, no rule changes faster than its pause or leaves its bounds")
    func bounded() throws {
        try forEachSeed(count: 200) { seed in
            var draw = seed.split("samples")
            var settings = HealthSettings()
            settings.batchPause = .seconds(UInt64(draw.integer(in: 1...20)))
            settings.memoryPause = .milliseconds(UInt64(draw.integer(in: 100...5_000)))
            settings.latencyPause = .seconds(UInt64(draw.integer(in: 1...20)))
            var controller = HealthController(settings)
            let pauses: [HealthRule: Interval] = [
                .batches: settings.batchPause, .memory: settings.memoryPause,
                .latency: settings.latencyPause,
            ]
            var last: [HealthRule: Instant] = [:]
            var now = Instant.origin
            var rows = 100
            for _ in 0..<400 {
                now = now + Interval(milliseconds: draw.exponential(mean: 1_000))
                let sample = sample(&draw, rows: rows)
                for change in controller.observe(sample, at: now) {
                    if let earlier = last[change.rule], let pause = pauses[change.rule] {
                        try require(earlier.interval(to: now) >= pause, "\(change) at \(now)")
                    }
                    last[change.rule] = now
                    switch change.decision {
                    case .rows(let limit):
                        try require(limit > rows && limit <= 100, "\(limit) rows")
                        rows = limit
                    case .requests(let limit):
                        try require(limit >= 1 && limit <= 500, "\(limit) requests")
                    case .variant(let variant):
                        try require((0...2).contains(variant.rawValue), "\(variant)")
                    }
                }
                if draw.chance(0.1) { rows = draw.integer(in: 1...100) }
            }
        }
    }

    private func sample(_ draw: inout Seeded, rows: Int) -> HealthSample {
        var sample = HealthSample()
        sample.rows = rows
        sample.widestRows = 100
        sample.utilization = draw.unit()
        sample.leavesWork = draw.chance(0.5)
        sample.mostWaiting = draw.integer(in: 0...800)
        sample.longestQueue = 500
        sample.memory = draw.chance(0.1) ? nil : draw.pick(0.5, draw.uniform(0.7, 1.1))
        sample.meanLatency =
            draw.chance(0.1) ? nil : .milliseconds(UInt64(draw.integer(in: 0...999)))
        sample.load = draw.uniform(0, 1.5)
        sample.cheaperVariants = 2
        return sample
    }
}
