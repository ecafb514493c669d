internal import SchedulerCore
internal import ServingModel
internal import Simulator
internal import Testing

/// Means and spreads of the arrivals of a scenario, against what their definitions give.
@Suite("Arrivals of a scenario", .serialized)
struct ArrivalMomentTests {
    /// Times of arrival in milliseconds.
    static func times(
        _ process: ArrivalPlan.Process, seconds: Double, seed: UInt64 = 3,
        bursts: MicroBursts? = nil
    ) -> [Double] {
        var plan = ArrivalPlan(process)
        plan.microBursts = bursts
        let load = ScenarioLoad(
            plan, classes: [ScenarioClass(name: "only", deadlineMilliseconds: 80)],
            faults: FaultPlan(), seconds: seconds, Seeded(seed))
        return load.map { Double($0.at.nanoseconds) / 1_000_000 }
    }

    /// Variance over mean of the counts in windows: 1 for Poisson, 0 for even gaps, more for bursts.
    static func dispersion(_ times: [Double], window: Double, seconds: Double) -> Double {
        var counts = Array(repeating: 0.0, count: Int(seconds * 1_000 / window))
        for time in times { counts[min(Int(time / window), counts.count - 1)] += 1 }
        let mean = counts.reduce(0, +) / Double(counts.count)
        let variance =
            counts.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(counts.count)
        return variance / mean
    }

    @Test(
        "Every process has the mean rate that it says it has",
        arguments: [
            (ArrivalPlan.Process.poisson(ratePerSecond: 1_000), 0.03),
            (.even(ratePerSecond: 1_000), 0.001),
            (.mmpp(ratesPerSecond: [500, 2_000], dwellMilliseconds: [20, 10]), 0.06),
            (.mmpp(ratesPerSecond: [0, 3_000], dwellMilliseconds: [20]), 0.1),
            (.diurnal(ratePerSecond: 1_000, amplitude: 0.5, periodSeconds: 7), 0.03),
            (.pareto(ratePerSecond: 1_000, alpha: 1.5, maxClump: 100), 0.08),
            (.step(levelsPerSecond: [500, 2_000, 100], atSeconds: [0, 5, 10]), 0.03),
            (
                .ramp(points: [
                    RatePoint(second: 2, ratePerSecond: 200),
                    RatePoint(second: 12, ratePerSecond: 2_000),
                ]), 0.03
            ),
        ] as [(ArrivalPlan.Process, Double)])
    func means(process: ArrivalPlan.Process, tolerance: Double) {
        let count = Double(Self.times(process, seconds: 20).count)
        let expected = ArrivalPlan(process).meanRatePerSecond(over: 20) * 20
        #expect(abs(count / expected - 1) < tolerance, "\(count) instead of \(expected)")
    }

    @Test("Counts spread as the processes promise: even 0, Poisson 1, bursts and clumps more")
    func spread() {
        let even = Self.times(.even(ratePerSecond: 1_000), seconds: 10)
        #expect(Self.dispersion(even, window: 10, seconds: 10) < 0.05)
        let poisson = Self.times(.poisson(ratePerSecond: 1_000), seconds: 10)
        #expect(abs(Self.dispersion(poisson, window: 10, seconds: 10) - 1) < 0.15)
        let bursts = Self.times(
            .mmpp(ratesPerSecond: [500, 2_000], dwellMilliseconds: [100, 50]), seconds: 20)
        #expect(Self.dispersion(bursts, window: 50, seconds: 20) > 10)
        // Clumps of mean m and second moment s have a dispersion of s / m in long windows.
        let clumps = Self.times(
            .pareto(ratePerSecond: 2_000, alpha: 2.5, maxClump: 20), seconds: 30)
        let sizes = (1...20).map(Double.init)
        let mean = sizes.reduce(0) { $0 + power($1, -2.5) }
        let second = sizes.reduce(0) { $0 + (2 * $1 - 1) * power($1, -2.5) }
        let measured = Self.dispersion(clumps, window: 20, seconds: 30)
        #expect(abs(measured / (second / mean) - 1) < 0.15, "\(measured) \(second / mean)")
    }

    @Test("A profile's rate is met second by second")
    func profile() {
        let times = Self.times(
            .step(levelsPerSecond: [1_000, 4_000, 1_000], atSeconds: [0, 2, 4]), seconds: 6)
        for (second, expected) in [(0, 1_000), (1, 1_000), (2, 4_000), (3, 4_000), (5, 1_000)] {
            let count = times.count { Int($0 / 1_000) == second }
            #expect(abs(Double(count) / Double(expected) - 1) < 0.12, "\(second): \(count)")
        }
    }

    @Test("Micro-bursts come as clumps of their size, on top of the process")
    func microBursts() {
        let plain = Self.times(.even(ratePerSecond: 100), seconds: 10)
        let bursty = Self.times(
            .even(ratePerSecond: 100), seconds: 10,
            bursts: MicroBursts(size: 50, everyMilliseconds: 100))
        let more = bursty.count - plain.count
        #expect(more > 3_500 && more < 6_500, "\(more)")
        let largest = Dictionary(grouping: bursty) { $0 }.values.map(\.count).max()
        #expect(largest == 50)
        #expect(plain.allSatisfy { bursty.contains($0) })
    }

    @Test("A trace is played at its times, faster when asked, and again from its start")
    func trace() {
        var plan = TracePlan()
        plan.records = [5, 10, 40].map { RecordedArrival(milliseconds: $0) }
        #expect(Self.times(.trace(plan), seconds: 1) == [5, 10, 40])
        plan.speed = 2
        #expect(Self.times(.trace(plan), seconds: 1) == [2.5, 5, 20])
        plan.repeats = true
        #expect(
            Self.times(.trace(plan), seconds: 0.05) == [2.5, 5, 20, 22.5, 25, 40, 42.5, 45])
    }

    @Test("Scaling multiplies the mean rate of every process")
    func scaling() {
        let plans: [ArrivalPlan.Process] = [
            .poisson(ratePerSecond: 10), .even(ratePerSecond: 10),
            .mmpp(ratesPerSecond: [1, 20], dwellMilliseconds: [5]),
            .diurnal(ratePerSecond: 10, amplitude: 1, periodSeconds: 3),
            .pareto(ratePerSecond: 10, alpha: 2, maxClump: 10),
            .step(levelsPerSecond: [5, 20], atSeconds: [0, 1]),
            .ramp(points: [RatePoint(second: 1, ratePerSecond: 5)]),
        ]
        for process in plans {
            var plan = ArrivalPlan(process)
            plan.microBursts = MicroBursts(size: 3, everyMilliseconds: 7)
            let mean = plan.meanRatePerSecond(over: 4)
            let scaled = plan.scaled(by: 2.5).meanRatePerSecond(over: 4)
            #expect(abs(scaled / mean - 2.5) < 1e-9, "\(process)")
        }
    }

    @Test("The mean of a sinusoid over part of its period is its integral")
    func sinusoid() {
        let profile = RateProfile.sinusoidal(mean: 2, amplitude: 0.8, period: 100)
        let steps = 20_000
        for end in [10.0, 37, 100, 250] {
            let sum = (0..<steps).reduce(0.0) {
                $0 + profile.rate(at: (Double($1) + 0.5) * end / Double(steps))
            }
            #expect(abs(sum / Double(steps) - profile.mean(until: end)) < 1e-6)
        }
    }

    @Test("Powers and sines are right to ten digits")
    func functions() {
        #expect(abs(power(2, 10) - 1_024) < 1e-7)
        #expect(abs(power(2, -0.5) - 0.707_106_781_186_547_5) < 1e-11)
        #expect(abs(sine(turns: 1.0 / 12) - 0.5) < 1e-11)
        #expect(abs(sine(turns: 7.25) - 1) < 1e-11)
        #expect(abs(sine(turns: -0.25) + 1) < 1e-11)
        #expect(abs(sine(turns: 0.5)) < 1e-11)
    }

    @Test("Sizes stay in their range and have the mean that they promise")
    func sizes() {
        var plan = ArrivalPlan(.even(ratePerSecond: 1_000))
        plan.rows = .choice([
            WeightedSize(size: 1, weight: 3), WeightedSize(size: 9, weight: 1),
        ])
        plan.lengths = .logNormal(median: 100, sigma: 1, range: 10...500)
        let load = ScenarioLoad(
            plan, classes: [ScenarioClass(name: "only", deadlineMilliseconds: 80)],
            faults: FaultPlan(), seconds: 4, Seeded(5))
        let arrivals = load.compactMap(\.arrival?.arrival)
        let rows = Double(arrivals.reduce(0) { $0 + $1.rows }) / Double(arrivals.count)
        #expect(abs(rows - 3) < 0.25, "\(rows)")
        #expect(arrivals.allSatisfy { (10...500).contains($0.length) })
        #expect(arrivals.contains { $0.length < 50 } && arrivals.contains { $0.length > 400 })
    }
}
