internal import Simulator
internal import Testing

@Suite("Targets")
struct TargetTests {
    /// Reports of three seeds whose P99 is 10, 30 and 20.
    static let reports: [SimulationReport] = [10.0, 30, 20].enumerated().map { index, p99 in
        var report = SimulationReport(scenario: "test", seed: UInt64(index + 1))
        var entry = PolicyReport(name: "swb")
        entry.figures.latency.p99 = p99
        var high = ClassReport(name: "high")
        high.inTimePercent = 99
        entry.classes = [high]
        entry.sweep = [SweepPoint(ratePerSecond: 100, figures: entry.figures)]
        report.policies = [entry]
        return report
    }

    static func verdict(
        _ figure: String, _ bound: ScenarioTarget.Bound, over: ScenarioTarget.Aggregation = .every,
        className: String? = nil, atRate: Double? = nil
    ) -> TargetVerdict {
        var target = ScenarioTarget(policy: "swb", figure: figure, bound)
        target.over = over
        target.className = className
        target.atRatePerSecond = atRate
        return TargetVerdict(target, reports)
    }

    @Test("Over every seed the worst one decides; median and mean decide by themselves")
    func aggregation() {
        let worst = Self.verdict("latency_ms.p99", .atMost(25))
        #expect(worst.deciding == 30 && !worst.holds)
        #expect(Self.verdict("latency_ms.p99", .atLeast(15)).deciding == 10)
        let median = Self.verdict("latency_ms.p99", .atMost(25), over: .median)
        #expect(median.deciding == 20 && median.holds)
        #expect(Self.verdict("latency_ms.p99", .within(percent: 1, of: 20), over: .mean).holds)
        #expect(Self.verdict("latency_ms.p99", .within(percent: 20, of: 20)).deciding != 20)
    }

    @Test("Bounds hold at their edge")
    func edges() {
        #expect(Self.verdict("latency_ms.p99", .atMost(30)).holds)
        #expect(Self.verdict("latency_ms.p99", .atLeast(10)).holds)
        #expect(Self.verdict("latency_ms.p99", .within(percent: 50, of: 20)).holds)
        #expect(!Self.verdict("latency_ms.p99", .within(percent: 49, of: 20)).holds)
    }

    @Test("Classes and rates of a sweep are found, and what is missing holds nothing")
    func lookup() {
        #expect(Self.verdict("in_time_pct", .atLeast(99), className: "high").holds)
        #expect(!Self.verdict("in_time_pct", .atLeast(0), className: "low").holds)
        #expect(Self.verdict("latency_ms.p99", .atMost(30), atRate: 100).holds)
        #expect(!Self.verdict("latency_ms.p99", .atMost(30), atRate: 200).holds)
        #expect(!Self.verdict("of_optimum_pct", .atLeast(0)).holds)
        // No strict P99 is an infinite one.
        #expect(!Self.verdict("strict_p99_ms", .atMost(1e9)).holds)
    }

    @Test("Every name in the lists is a figure")
    func names() {
        var figures = RunFigures()
        figures.ofOptimumPercent = 1
        for name in RunFigures.names { #expect(figures.figure(name) != nil, "\(name)") }
        let entry = ClassReport(name: "high")
        for name in ClassReport.namesOfBatches { #expect(entry.figure(name) != nil, "\(name)") }
    }

    @Test(
        "Every name that text generation and breakers add is a figure where they are, and only there"
    )
    func generationNames() {
        var figures = RunFigures()
        for name in GenerationFigures.names { #expect(figures.figure(name) == nil, "\(name)") }
        figures.generation = GenerationFigures()
        for name in GenerationFigures.names { #expect(figures.figure(name) != nil, "\(name)") }
        for name in BreakerFigures.names { #expect(figures.figure(name) == nil, "\(name)") }
        figures.breakers = BreakerFigures()
        for name in RunFigures.allNames where name != "of_optimum_pct" {
            #expect(figures.figure(name) != nil, "\(name)")
        }
        var entry = ClassReport(name: "high")
        entry.firstTokenP99Milliseconds = 1
        entry.perTokenP99Milliseconds = 1
        for name in ClassReport.names { #expect(entry.figure(name) != nil, "\(name)") }
    }
}
