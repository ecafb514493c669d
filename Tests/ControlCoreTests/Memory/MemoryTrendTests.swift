import ControlCore
import ServingModel
import Testing

@Suite("Memory that only grows")
struct MemoryTrendTests {
    private static let mebibyte: UInt64 = 1 << 20

    /// One reading a second; the value is in mebibytes.
    private func trend(seconds: Int, _ mebibytes: (Int) -> Double) -> MemoryTrend {
        var trend = MemoryTrend()
        for second in 0..<seconds {
            trend.note(
                bytes: UInt64(mebibytes(second) * Double(Self.mebibyte)),
                at: .origin + .seconds(UInt64(second)))
        }
        return trend
    }

    @Test("A megabyte a second is seen after a minute and a window, with its speed")
    func leak() {
        func grown(_ seconds: Int) -> MemoryTrend { trend(seconds: seconds) { 500 + Double($0) } }
        #expect(!grown(65).isGrowing)
        let seen = grown(75)
        #expect(seen.isGrowing)
        #expect(abs(seen.bytesPerSecond / Double(Self.mebibyte) - 1) < 0.05)
        #expect(grown(600).rise >= 580 * Self.mebibyte)
    }

    @Test("A leak is seen under traffic that needs twenty times as much for a while")
    func noisy() {
        let seen = trend(seconds: 120) {
            500 + Double($0) + ($0 % 7 == 3 ? 400 : 0) + Double($0 % 5)
        }
        #expect(seen.isGrowing)
    }

    @Test("Memory that comes and goes, settles, or was loaded does not grow")
    func healthy() {
        let waves = trend(seconds: 600) { 500 + 200 * Double($0 % 60) / 60 }
        let settles = trend(seconds: 600) { 500 + 300 * (1 - 1 / (1 + Double($0) / 5)) }
        let loaded = trend(seconds: 600) { $0 < 300 ? 500 : 3_500 }
        let crumbs = trend(seconds: 600) { 500 + 0.05 * Double($0) }
        for healthy in [waves, loaded, crumbs] {
            #expect(!healthy.isGrowing && healthy.bytesPerSecond == 0)
        }
        // What approaches its level rises ever less: never by a bound that is worth anything.
        #expect(settles.rise < 400 * Self.mebibyte)
        var restarted = trend(seconds: 100) { Double($0) * 10 }
        #expect(restarted.isGrowing)
        restarted.restart()
        #expect(!restarted.isGrowing && restarted.rise == 0 && restarted.bytesPerSecond == 0)
    }

    @Test("After something was done, growth stays said until windows refute or confirm it")
    func relief() {
        func relieved(then mebibytes: (Int) -> Double, seconds: Int) -> MemoryTrend {
            var trend = trend(seconds: 100) { Double($0) * 10 }
            trend.restartAfterRelief()
            for second in 100..<100 + seconds {
                trend.note(
                    bytes: UInt64(mebibytes(second) * Double(Self.mebibyte)),
                    at: .origin + .seconds(UInt64(second)))
            }
            return trend
        }
        let speed = 10 * Double(Self.mebibyte)
        for seconds in [0, 5, 15, 55, 90] {
            let goesOn = relieved(then: { Double($0) * 10 }, seconds: seconds)
            #expect(abs(goesOn.bytesPerSecond / speed - 1) < 0.05, "after \(seconds) s")
            #expect(goesOn.isGrowing == (seconds == 90), "a verdict takes its windows")
        }
        #expect(relieved(then: { _ in 50 }, seconds: 15).bytesPerSecond > 0)
        #expect(relieved(then: { _ in 50 }, seconds: 25).bytesPerSecond == 0)
    }
}
