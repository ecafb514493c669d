internal import ControlCore
internal import SchedulerTesting
internal import ServingModel
internal import Simulator
internal import Testing

@Suite("Circuit breakers")
struct CircuitBreakerTests {
    private let first = InstanceID(0)
    private let second = InstanceID(1)
    private static let usual = BatchHealth.answered(
        took: .milliseconds(10), predicted: .milliseconds(10))
    private static let slow = BatchHealth.answered(
        took: .milliseconds(31), predicted: .milliseconds(10))

    /// Milliseconds since the origin.
    private func at(_ milliseconds: UInt64) -> Instant { .origin + .milliseconds(milliseconds) }

    /// Runs a batch on an instance.
    private func run(
        _ panel: inout BreakerPanel, _ instance: InstanceID, _ health: BatchHealth,
        at now: Instant
    ) -> BreakerDecision? {
        panel.begin(instance, predicted: .milliseconds(10), at: now)
        return panel.end(instance, health, at: now)
    }

    private func wake(_ panel: inout BreakerPanel, at now: Instant) -> [BreakerDecision] {
        var decisions: [BreakerDecision] = []
        panel.wake(at: now, into: &decisions)
        return decisions
    }

    @Test("Five failures in a row open the breaker, four and an answer do not")
    func failures() {
        var panel = BreakerPanel(instances: 2)
        for _ in 0..<4 { #expect(run(&panel, first, .failed, at: at(1)) == nil) }
        #expect(run(&panel, first, Self.usual, at: at(2)) == nil)
        for _ in 0..<4 { #expect(run(&panel, first, .failed, at: at(3)) == nil) }
        #expect(run(&panel, first, .ignored, at: at(3)) == nil, "bad input says nothing")
        #expect(run(&panel, first, .failed, at: at(4)) == .isolate(first, .failing))
        #expect(panel.nextWakeup == at(254))
    }

    @Test(
        "An instance is slow when the median of its last twenty batches took three times too long")
    func slowness() {
        var panel = BreakerPanel(instances: 2)
        for _ in 0..<20 { #expect(run(&panel, second, Self.usual, at: at(1)) == nil) }
        for _ in 0..<10 { #expect(run(&panel, first, Self.slow, at: at(1)) == nil) }
        for _ in 0..<9 { #expect(run(&panel, first, Self.usual, at: at(1)) == nil) }
        #expect(run(&panel, first, Self.usual, at: at(1)) == nil, "ten of twenty")
        // Ten slow ones fall out of the window as ten further come in.
        for _ in 0..<10 { #expect(run(&panel, first, Self.slow, at: at(1)) == nil) }
        #expect(run(&panel, first, Self.slow, at: at(2)) == .isolate(first, .slow))
    }

    /// Batches until an instance that worked for long is taken out.
    private func batches(_ health: BatchHealth, tightens: Bool) -> Int? {
        var settings = BreakerSettings()
        settings.tightens = tightens
        var panel = BreakerPanel(instances: 2, settings)
        for _ in 0..<200 {
            for instance in [first, second] { _ = run(&panel, instance, Self.usual, at: at(1)) }
        }
        for count in 1...50 {
            _ = run(&panel, second, Self.usual, at: at(2))
            if run(&panel, first, health, at: at(2)) != nil { return count }
        }
        return nil
    }

    @Test("An anomaly shortens the time to the isolation, and finds what is but twice as slow")
    func tightening() {
        func slower(_ factor: Double) -> BatchHealth {
            .answered(
                took: Interval(milliseconds: 10 * factor), predicted: .milliseconds(10))
        }
        #expect(batches(.failed, tightens: false) == 5)
        #expect(batches(.failed, tightens: true) == 3)
        #expect(batches(slower(10), tightens: false) == 11)
        #expect(batches(slower(10), tightens: true) == 6)
        #expect(batches(slower(2.5), tightens: false) == nil)
        #expect(batches(slower(2.5), tightens: true) ?? 99 <= 8)
        #expect(batches(slower(1.5), tightens: true) == nil)
    }

    @Test("When all instances slow down together none of them is taken out")
    func slowTogether() {
        var panel = BreakerPanel(instances: 4)
        for _ in 0..<100 {
            for index in 0..<4 {
                #expect(run(&panel, InstanceID(index), Self.slow, at: at(1)) == nil)
            }
        }
    }

    @Test("A lone instance is taken out when it fails, and never because it is slow")
    func lone() {
        var settings = BreakerSettings()
        settings.tightens = false
        var panel = BreakerPanel(instances: 1, settings)
        for _ in 0..<100 { #expect(run(&panel, first, Self.slow, at: at(1)) == nil) }
        for _ in 0..<4 { #expect(run(&panel, first, .failed, at: at(1)) == nil) }
        #expect(run(&panel, first, .failed, at: at(1)) == .isolate(first, .failing))
        #expect(panel.working == 0)
        #expect(panel.pause(at: at(51)) == .milliseconds(200))
    }

    @Test("A batch stalls after ten times its prediction, but not before a second")
    func stalls() {
        var panel = BreakerPanel(instances: 1)
        panel.begin(first, predicted: .milliseconds(10), at: at(0))
        #expect(panel.nextWakeup == at(1_000))
        #expect(wake(&panel, at: at(999)).isEmpty)
        #expect(wake(&panel, at: at(1_000)) == [.isolate(first, .stalled)])
        #expect(panel.isHung(first))
        #expect(panel.nextWakeup == nil, "an instance that hangs cannot be tried")
        #expect(wake(&panel, at: at(60_000)).isEmpty)
        #expect(panel.end(first, Self.usual, at: at(60_000)) == nil)
        #expect(wake(&panel, at: at(60_000)) == [.probe(first)])
        panel.begin(first, predicted: .seconds(2), at: at(60_000))
        #expect(panel.nextWakeup == at(80_000))
    }

    @Test("Who looks far too late was stopped like the batch, which gets its time anew")
    func lateLooks() {
        var panel = BreakerPanel(instances: 2)
        panel.begin(first, predicted: .milliseconds(10), at: at(0))
        #expect(panel.nextWakeup == at(1_000))
        #expect(wake(&panel, at: at(1_251)).isEmpty)
        #expect(panel.nextWakeup == at(2_251))
        #expect(wake(&panel, at: at(2_501)) == [.isolate(first, .stalled)], "late, but not by much")

        panel.begin(second, predicted: .milliseconds(10), at: at(3_000))
        for look: UInt64 in [5_000, 7_000, 9_000] { #expect(wake(&panel, at: at(look)).isEmpty) }
        #expect(panel.end(second, Self.usual, at: at(9_500)) == nil, "the batch ended in time")
        panel.begin(second, predicted: .milliseconds(10), at: at(10_000))
        for look: UInt64 in [12_000, 14_000, 16_000] { _ = wake(&panel, at: at(look)) }
        #expect(wake(&panel, at: at(18_000)).contains(.isolate(second, .stalled)))
    }

    @Test("A shape that was never computed has a minute before it counts as stalled")
    func unfamiliar() {
        var panel = BreakerPanel(instances: 1)
        panel.begin(first, predicted: .milliseconds(10), isFamiliar: false, at: at(0))
        #expect(panel.nextWakeup == at(60_000))
    }

    @Test("A trial that goes well ends the isolation, one that does not doubles the pause")
    func trials() {
        var panel = BreakerPanel(instances: 1)
        for _ in 0..<5 { _ = run(&panel, first, .failed, at: at(0)) }
        var now = at(0)
        for pause: UInt64 in [250, 500, 1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000] {
            #expect(wake(&panel, at: now + .milliseconds(pause - 1)).isEmpty)
            now = now + .milliseconds(pause)
            #expect(wake(&panel, at: now) == [.probe(first)])
            #expect(panel.nextWakeup == nil, "a trial waits for a request")
            #expect(run(&panel, first, pause == 500 ? .ignored : .failed, at: now) == nil)
        }
        now = now + .milliseconds(30_000)
        #expect(wake(&panel, at: now) == [.probe(first)])
        #expect(run(&panel, first, Self.slow, at: now) == .restore(first), "an answer, if slow")
        #expect(panel.readings[0].state == .closed)
        #expect(panel.readings[0].recoveries == 1)
        #expect(panel.readings[0].relapses == 9)
        #expect(panel.readings[0].isolations[.failing] == 1)
    }

    @Test("The trial of an instance that was slow has to be quick")
    func slowTrial() {
        var panel = BreakerPanel(instances: 2)
        for _ in 0..<11 { _ = run(&panel, first, Self.slow, at: at(0)) }
        #expect(wake(&panel, at: at(250)) == [.probe(first)])
        #expect(run(&panel, first, Self.slow, at: at(250)) == nil)
        #expect(wake(&panel, at: at(750)) == [.probe(first)])
        #expect(run(&panel, first, Self.usual, at: at(750)) == .restore(first))
    }

    @Test("An instance that falls ill again soon keeps its long pause, one that was calm does not")
    func flapping() {
        var panel = BreakerPanel(instances: 1)
        func fall(at now: Instant) -> Interval? {
            for _ in 0..<5 { _ = run(&panel, first, .failed, at: now) }
            return panel.nextWakeup.map { now.interval(to: $0) }
        }
        func recover(at now: Instant) {
            #expect(wake(&panel, at: now) == [.probe(first)])
            #expect(run(&panel, first, Self.usual, at: now) == .restore(first))
        }
        #expect(fall(at: at(0)) == .milliseconds(250))
        recover(at: at(250))
        #expect(fall(at: at(300)) == .milliseconds(500))
        recover(at: at(800))
        #expect(fall(at: at(30_800)) == .milliseconds(250))
    }

    @Test("No more than half of the instances are taken out, unless they hang", arguments: 1...9)
    func floor(instances: Int) {
        var panel = BreakerPanel(instances: instances)
        for _ in 0..<20 {
            for index in 0..<instances { _ = run(&panel, InstanceID(index), .failed, at: at(1)) }
        }
        #expect(panel.working == instances - max(instances / 2, 1))
        for index in 0..<instances {
            panel.begin(InstanceID(index), predicted: .milliseconds(1), at: at(1))
        }
        var stalled = 0
        while let due = panel.nextWakeup { stalled += wake(&panel, at: due).count }
        #expect(stalled == instances)
        #expect(panel.working == 0)
    }

    @Test("Whatever happens, decisions keep the floor, and nobody who hangs is tried")
    func property() throws {
        try forEachSeed(count: 200) { random in
            var draw = random.split("panel")
            let count = draw.integer(in: 1...6)
            var panel = BreakerPanel(instances: count)
            var now = at(0)
            func check(_ decision: BreakerDecision?) throws {
                switch decision {
                case .isolate(_, .failing), .isolate(_, .slow):
                    try require(count - panel.working <= max(count / 2, 1), "too many are out")
                case .probe(let tried): try require(!panel.isHung(tried), "\(tried) hangs")
                case .isolate(_, .stalled), .restore, nil: break
                }
            }
            for _ in 0..<400 {
                now = now + .milliseconds(UInt64(draw.integer(in: 0...400)))
                let instance = InstanceID(draw.integer(in: 0...(count - 1)))
                let health = draw.pick(BatchHealth.failed, Self.slow, Self.usual, .ignored)
                switch draw.integer(in: 0...3) {
                case 0: panel.begin(instance, predicted: .milliseconds(10), at: now)
                case 1: try check(panel.end(instance, health, at: now))
                case 2:
                    for _ in 0..<6 { try check(run(&panel, instance, health, at: now)) }
                default:
                    for decision in wake(&panel, at: now) { try check(decision) }
                }
            }
        }
    }
}
