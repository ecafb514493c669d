internal import SchedulerTesting
internal import ServingModel
internal import Simulator
internal import Testing

@Suite("Seeded randomness")
struct RandomnessTests {
    @Test("One seed gives one stream, on every machine and with every compiler")
    func repeatable() {
        var random = Seeded(42)
        // Recorded once: these numbers must never change, or printed seeds lose their meaning.
        #expect(random.next() == RandomnessTests.firstOf42)
        var same = Seeded(42)
        _ = same.next()
        #expect(random == same)
        #expect(random.integer(in: 0...1_000_000) == same.integer(in: 0...1_000_000))
    }

    @Test("Streams for different purposes differ, and do not depend on what was drawn")
    func split() {
        var random = Seeded(1)
        let before = random.split("a")
        _ = random.next()
        #expect(random.split("a") == before)
        #expect(random.split("b") != before)
        #expect(Seeded(2).split("a") != before)
    }

    @Test("Numbers stay in their range and reach its ends")
    func ranges() {
        var random = Seeded(3)
        var seen: Set<Int> = []
        for _ in 0..<500 {
            seen.insert(random.integer(in: -2...2))
            let unit = random.unit()
            #expect(unit >= 0 && unit < 1)
        }
        #expect(seen == [-2, -1, 0, 1, 2])
        #expect(random.integer(in: 7...7) == 7)
    }

    @Test("The logarithm is right to fourteen digits")
    func logarithm() {
        #expect(naturalLogarithm(1) == 0)
        #expect(abs(naturalLogarithm(10) - 2.302_585_092_994_046) < 1e-14)
        #expect(abs(naturalLogarithm(0.001) + 6.907_755_278_982_137) < 1e-14)
        #expect(abs(naturalLogarithm(1e300) / 690.775_527_898_213_7 - 1) < 1e-14)
    }

    @Test("Distributions have the mean that they are asked for")
    func means() {
        var random = Seeded(4)
        func mean(_ draw: (inout Seeded) -> Double) -> Double {
            (0..<20_000).reduce(0) { sum, _ in sum + draw(&random) } / 20_000
        }
        #expect(abs(mean { $0.exponential(mean: 3) } / 3 - 1) < 0.03)
        #expect(abs(mean { $0.normal() }) < 0.03)
        #expect(abs(mean { $0.normal() * $0.normal() }) < 0.03)
        // exp(sigma^2 / 2) = 1.0513 for sigma = 0.3162.
        #expect(abs(mean { $0.logNormal(median: 1, sigma: 0.3162) } - 1.0513) < 0.02)
        #expect(abs(mean { $0.pareto(least: 1, alpha: 3) } - 1.5) < 0.05)
    }

    @Test(
        "Every arrival process has the rate that it is asked for",
        arguments: [
            ArrivalProcess.even(rate: 2), .poisson(rate: 2),
            .modulated(rates: [1, 3], dwell: 10), .clumps(rate: 2, alpha: 2.5),
        ])
    func rates(process: ArrivalProcess) {
        var gaps = ArrivalGaps(process, Seeded(5))
        let total = (0..<20_000).reduce(0.0) { sum, _ in sum + gaps.next() }
        // Clumps are cut to whole requests, which makes them smaller than their Pareto mean.
        let tolerance = if case .clumps = process { 0.5 } else { 0.06 }
        #expect(abs(20_000 / total / 2 - 1) < tolerance, "\(20_000 / total)")
    }
}
