import ControlCore
import SchedulerTesting
import ServingModel
import Simulator
import Testing

@Suite("Moments that an instance waits for company")
struct GatherWindowTests {
    private static let single = Interval.microseconds(300)
    private static let whole = Interval.microseconds(1_500)

    private func begin(
        _ window: inout GatherWindow, answered: Int = 16, waiting: Int = 16, limit: Int = 64,
        single: Interval = single, whole: Interval = whole
    ) -> GatherWindow.Pause? {
        window.begin(
            answered: answered, waiting: waiting, limit: limit, single: single, whole: whole)
    }

    @Test("Those who were answered are waited for: one fixed cost, a fifth or a limit at the most")
    func bounds() {
        var window = GatherWindow()
        let pause = begin(&window)
        #expect(pause?.longest == .microseconds(300))
        #expect(pause?.rows == 32)
        #expect(begin(&window, whole: .microseconds(500))?.longest == .microseconds(100))
        let long = begin(&window, single: .milliseconds(9), whole: .milliseconds(90))
        #expect(long?.longest == GatherWindow.longest)
        #expect(begin(&window, answered: 60)?.rows == 64, "no more than a batch holds")
    }

    @Test("A full batch is never kept waiting, and a cheap one is not worth it")
    func nothingToGain() {
        var window = GatherWindow()
        #expect(begin(&window, waiting: 64) == nil)
        #expect(begin(&window, waiting: 70) == nil)
        #expect(begin(&window, answered: 0) == nil)
        #expect(begin(&window, single: .microseconds(19)) == nil)
        #expect(begin(&window, whole: .microseconds(99)) == nil)
    }

    @Test("Where nobody comes back it is soon given up, and tried for one batch in thirty-two")
    func givingUp() {
        var window = GatherWindow()
        var pauses = 0
        for _ in 0..<(GatherWindow.probeEvery * 20) where begin(&window) != nil {
            pauses += 1
            window.end(waiting: 17)
        }
        #expect(pauses <= 6 + 20)
        #expect(window.returning < 0.5)
        // Clients of another kind: some tries later they are waited for again.
        var batches = 0
        while window.returning < 0.5, batches < 1_000 {
            batches += 1
            if begin(&window) != nil { window.end(waiting: 32) }
        }
        #expect(batches <= GatherWindow.probeEvery * 6)
        #expect(begin(&window) != nil)
    }

    @Test("Whatever happens, the share stays a share and a pause within its bounds")
    func bounded() throws {
        try forEachSeed(count: 100) { seed in
            var random = seed
            var window = GatherWindow()
            for _ in 0..<200 {
                let waiting = random.integer(in: 0...100)
                let single = Interval.microseconds(UInt64(random.integer(in: 0...2_000)))
                let rest = Interval.microseconds(UInt64(random.integer(in: 0...9_000)))
                let pause = begin(
                    &window, answered: random.integer(in: 0...64), waiting: waiting,
                    single: single, whole: single + rest)
                if let pause {
                    #expect(pause.longest <= min(single, GatherWindow.longest))
                    #expect(pause.longest >= GatherWindow.shortest)
                    #expect(pause.rows > waiting && pause.rows <= 64)
                }
                window.end(waiting: random.integer(in: 0...100))
                #expect((0...1).contains(window.returning))
            }
        }
    }
}
