import ControlCore
import ServingModel
import Testing

/// A process in which one of several instances keeps a mebibyte for each second that it works.
@Suite("Who leaks")
struct LeakHuntTests {
    private static let bound: UInt64 = 100 << 20

    private static func instance(_ number: Int, of model: String = "m") -> LeakHunt.Suspect {
        LeakHunt.Suspect(model: model, version: 1, instance: number)
    }

    /// What was made anew in `seconds`, in order, and the most memory on the way.
    private func hunt(
        seconds: UInt64, shares: [Double], leaking: Int?
    ) -> (renewed: [Int], most: UInt64, hunt: LeakHunt) {
        var hunt = LeakHunt(bound: Self.bound)
        var trend = MemoryTrend()
        var leaked: UInt64 = 0
        var busy = shares.map { _ in Interval.zero }
        var renewed: [Int] = []
        var most: UInt64 = 0
        for second in 0..<seconds {
            let now = Instant.origin + .seconds(second)
            for (index, share) in shares.enumerated() {
                busy[index] = busy[index] + .milliseconds(UInt64(share * 1_000))
                if index == leaking { leaked += UInt64(share * Double(1 << 20)) }
            }
            let resident = (500 << 20) + leaked
            most = max(most, leaked)
            trend.note(bytes: resident, at: now)
            let candidates = busy.enumerated().map {
                LeakHunt.Candidate(Self.instance($0.offset), busy: $0.element)
            }
            if let suspect = hunt.suspect(resident: resident, trend, among: candidates, at: now) {
                renewed.append(suspect.instance)
                hunt.began(suspect, resident: resident, rise: trend.rise, at: now)
                trend.restart()
                if suspect.instance == leaking { leaked = 0 }
            }
        }
        return (renewed, most, hunt)
    }

    @Test(
        "The busiest is tried first, and convicted by what it gives back; the others are left alone"
    )
    func busiest() {
        let found = hunt(seconds: 900, shares: [0.9, 0.5, 0.2], leaking: 0)
        #expect(Set(found.renewed) == [0])
        #expect(found.renewed.count >= 4)
        #expect(found.hunt.isConvicted(Self.instance(0)))
        #expect(found.most < 2 * Self.bound, "memory is bounded for as long as it leaks")
    }

    @Test("Who gave nothing back is acquitted, the leak is found in a few steps, and stays found")
    func hidden() {
        let found = hunt(seconds: 1_800, shares: [0.9, 0.5, 0.6], leaking: 1)
        #expect(found.renewed.prefix(3) == [0, 2, 1], "by their work")
        #expect(Set(found.renewed.dropFirst(3)) == [1])
        #expect(
            found.hunt.isConvicted(Self.instance(1)) && !found.hunt.isConvicted(Self.instance(0)))
        #expect(found.most < 4 * Self.bound)
    }

    @Test("Where nothing leaks nobody is made anew")
    func innocent() {
        #expect(hunt(seconds: 1_800, shares: [0.9, 0.5], leaking: nil).renewed.isEmpty)
    }

    @Test("A lease of growth that none of them gives back ends with their acquittal")
    func stranger() {
        var hunt = LeakHunt(bound: Self.bound)
        var trend = MemoryTrend()
        var renewed = 0
        for second in 0..<UInt64(1_700) {
            let now = Instant.origin + .seconds(second)
            let resident = (500 << 20) + (second << 20)
            trend.note(bytes: resident, at: now)
            let candidates = [LeakHunt.Candidate(Self.instance(0), busy: .seconds(second))]
            if let suspect = hunt.suspect(resident: resident, trend, among: candidates, at: now) {
                renewed += 1
                hunt.began(suspect, resident: resident, rise: trend.rise, at: now)
                trend.restart()
            }
        }
        #expect(renewed == 1)
    }
}
