internal import ControlCore
internal import SchedulerTesting
internal import ServingModel
internal import Simulator
internal import Testing

@Suite("Advice when to come back")
struct RetryAdviceTests {
    private static func at(_ milliseconds: Double) -> Instant {
        .origin + Interval(milliseconds: milliseconds)
    }

    /// A queue of 100 ms, of which each request takes 1 ms: turns are 4 ms apart.
    private static func advise(
        _ advice: inout RetryAdvice, _ id: UInt64 = 1, at milliseconds: Double
    ) -> Double {
        advice.advise(
            backlog: .milliseconds(100), perRequest: .milliseconds(1), id: id,
            at: at(milliseconds)
        ).milliseconds
    }

    @Test("The first waits for the backlog, each further one for a turn of its own")
    func turns() {
        var advice = RetryAdvice()
        #expect(Self.advise(&advice, at: 0) == 100)
        #expect(Self.advise(&advice, at: 0) == 104)
        #expect(Self.advise(&advice, at: 1) == 107)
        #expect(Self.advise(&advice, at: 8) == 104, "time catches up")
        #expect(Self.advise(&advice, at: 500) == 100)
    }

    @Test("Nobody waits longer than the horizon, and beyond it no two the same time")
    func horizon() {
        var advice = RetryAdvice()
        for id in 0..<15_000 as Range<UInt64> { _ = Self.advise(&advice, id, at: 0) }
        var beyond: Set<Double> = []
        for id in 0..<1_000 as Range<UInt64> {
            let wait = Self.advise(&advice, id, at: 0)
            #expect(wait >= 30_000 && wait < 60_000)
            beyond.insert(wait)
        }
        #expect(beyond.count == 1_000)
        #expect(Self.advise(&advice, at: 40_000) <= 20_000, "turns end where the horizon was")
    }

    @Test("However they come, no more are sent to any second than a quarter of the throughput")
    func spread() throws {
        try forEachSeed(count: 50) { seed in
            var draw = seed.split("refusals")
            var advice = RetryAdvice()
            var now = 0.0
            var times: [Double] = []
            for id in 0..<2_000 as Range<UInt64> {
                now += draw.chance(0.5) ? 0 : draw.exponential(mean: 2)
                times.append(now + Self.advise(&advice, id, at: now))
            }
            times.sort()
            for (index, time) in times.enumerated() where index >= 250 {
                try require(time - times[index - 250] >= 996, "\(index) at \(time)")
            }
        }
    }
}
