internal import SchedulerCore
internal import SchedulerTesting
internal import ServingModel
internal import Simulator
internal import Testing

@Suite("Turns on a device that steps and batches share")
struct DeviceTurnsTests {
    static func claim(_ latest: UInt64, _ least: UInt64) -> DeviceTurns.Claim {
        DeviceTurns.Claim(
            latestStart: Instant(nanoseconds: latest), least: Interval(nanoseconds: least))
    }

    @Test("Alone, each may take as long as it likes; without a claim there is no turn")
    func alone() {
        var turns = DeviceTurns()
        let now = Instant(nanoseconds: 100)
        #expect(turns.next(step: nil, batch: nil, at: now) == nil)
        #expect(turns.next(step: Self.claim(0, 5), batch: nil, at: now)?.longest == .never)
        #expect(turns.next(step: nil, batch: Self.claim(0, 5), at: now)?.party == .batch)
    }

    @Test(
        "A batch with little slack goes between two steps whose tokens are ahead of their promise")
    func urgentBatch() {
        var turns = DeviceTurns()
        let now = Instant(nanoseconds: 100)
        let turn = turns.next(step: Self.claim(150, 20), batch: Self.claim(110, 30), at: now)
        #expect(turn?.party == .batch)
        #expect(turn?.longest == Interval(nanoseconds: 50))
        let other = turns.next(step: Self.claim(120, 20), batch: Self.claim(400, 30), at: now)
        #expect(other?.party == .step)
        #expect(other?.longest == Interval(nanoseconds: 300))
    }

    @Test(
        "Who can wait is not made late, and who cannot waits for one quantum of the other at most")
    func bounds() throws {
        try forEachSeed(count: 50) { seed in
            var random = seed
            var turns = DeviceTurns()
            var waits = (step: 0, batch: 0)
            for _ in 0..<200 {
                let now = Instant(nanoseconds: 10_000)
                let step = Self.claim(
                    UInt64(random.integer(in: 9_900...10_300)), UInt64(random.integer(in: 1...150)))
                let batch = Self.claim(
                    UInt64(random.integer(in: 9_900...10_300)), UInt64(random.integer(in: 1...150)))
                let given = turns.next(step: step, batch: batch, at: now)
                let turn = try #require(given)
                let isStep = turn.party == .step
                let (own, other) = isStep ? (step, batch) : (batch, step)
                try require(turn.longest >= own.least, "\(turn) is shorter than \(own)")
                let isUrgent = now + own.least > other.latestStart
                try require(
                    isUrgent || now + turn.longest <= other.latestStart,
                    "\(turn) makes \(other) late")
                waits.step = !isStep && now + batch.least > step.latestStart ? waits.step + 1 : 0
                waits.batch = isStep && now + step.least > batch.latestStart ? waits.batch + 1 : 0
                try require(max(waits.step, waits.batch) <= 1, "\(waits) turns")
            }
        }
    }
}
