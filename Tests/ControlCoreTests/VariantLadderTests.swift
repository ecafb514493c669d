internal import ControlCore
internal import ServingModel
internal import Testing

@Suite("The ladder of variants that are loaded on demand")
struct VariantLadderTests {
    static func at(_ milliseconds: UInt64) -> Instant { .origin + .milliseconds(milliseconds) }

    /// Looks while so many rows a millisecond arrive and the variants can do 10, 20, 40 …
    static func look(
        _ ladder: inout VariantLadder, rate: Double, preferred: Int = 0, at now: Instant
    ) -> VariantLadder.Move? {
        ladder.look(preferred: VariantIndex(preferred), at: now) { variant in
            VariantPressure(rate: rate, capacity: Double(10 << variant.rawValue))
        }
    }

    @Test("A rung is climbed when those before it do not suffice, one at a time")
    func climbing() {
        var ladder = VariantLadder(variants: 2)
        #expect(Self.look(&ladder, rate: 9, at: Self.at(0)) == nil)
        let first = Self.look(&ladder, rate: 30, at: Self.at(100))
        #expect(first?.variant == VariantIndex(1))
        #expect(first?.decision == .load)
        #expect(first?.pressure.capacity == 10)
        #expect(ladder.residencies == [.loading, .absent])
        #expect(Self.look(&ladder, rate: 30, at: Self.at(200)) == nil, "one at a time")
        ladder.loaded(VariantIndex(1))
        let second = Self.look(&ladder, rate: 30, at: Self.at(300))
        #expect(second?.variant == VariantIndex(2))
        #expect(second?.pressure.capacity == 20, "what the first one can do")
        ladder.loaded(VariantIndex(2))
        #expect(ladder.residencies == [.resident, .resident])
        #expect(Self.look(&ladder, rate: 300, at: Self.at(400)) == nil, "there are no more")
    }

    @Test("The cheapest leaves first, when the one before it could do without it")
    func leaving() {
        var ladder = VariantLadder(variants: 2)
        for variant in 1...2 {
            #expect(Self.look(&ladder, rate: 30, at: Self.at(0)) != nil)
            ladder.loaded(VariantIndex(variant))
        }
        var moves: [VariantLadder.Move] = []
        for step in 1...200 {
            let now = Self.at(UInt64(step) * 100)
            // 16 is too much for the full model and little for the first variant.
            guard let move = Self.look(&ladder, rate: step < 100 ? 16 : 1, at: now) else {
                continue
            }
            moves.append(move)
            ladder.left(move.variant)
            if step < 100 { #expect(ladder.residencies == [.resident, .absent]) }
        }
        #expect(moves.map(\.variant) == [VariantIndex(2), VariantIndex(1)])
        #expect(moves.allSatisfy { $0.decision == .unload })
        #expect(ladder.isEmpty)
    }

    @Test(
        "A load that fails is tried again after pauses that double"
    )
    func failures() {
        var ladder = VariantLadder(variants: 1)
        var tries: [UInt64] = []
        for step in UInt64(0)..<200 {
            guard Self.look(&ladder, rate: 20, at: Self.at(step * 100)) != nil else { continue }
            tries.append(step / 10)
            ladder.failed(VariantIndex(1), at: Self.at(step * 100))
        }
        #expect(tries == [0, 1, 3, 7, 15])
        #expect(ladder.isEmpty)
    }

    @Test("What a health rule prefers comes without load, and stays as long as it is preferred")
    func preference() {
        var ladder = VariantLadder(variants: 1)
        let move = Self.look(&ladder, rate: 1, preferred: 1, at: Self.at(0))
        #expect(move?.isPreferred == true)
        ladder.loaded(VariantIndex(1))
        for step in UInt64(1)..<100 {
            #expect(Self.look(&ladder, rate: 1, preferred: 1, at: Self.at(step * 100)) == nil)
        }
        #expect(Self.look(&ladder, rate: 1, at: Self.at(10_000)) == nil)
        #expect(Self.look(&ladder, rate: 1, at: Self.at(11_000))?.decision == .unload)
    }

    @Test("It looks ten times a second, and never once it is closed")
    func looking() {
        var ladder = VariantLadder(variants: 1)
        #expect(ladder.isDue(at: Self.at(0)))
        _ = Self.look(&ladder, rate: 1, at: Self.at(0))
        #expect(!ladder.isDue(at: Self.at(99)))
        #expect(ladder.isDue(at: Self.at(100)))
        ladder.close()
        #expect(!ladder.isDue(at: Self.at(200)))
    }
}
