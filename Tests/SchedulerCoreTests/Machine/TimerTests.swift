internal import ControlCore
internal import SchedulerCore
internal import SchedulerTesting
internal import ServingModel
internal import Testing

@Suite("Machine: the timer")
struct TimerTests {
    /// The wake-up, which must exist. A function because a macro cannot look into the machine, which
    /// is not copyable.
    static func wakeup(_ wakeup: Instant?) throws -> Instant {
        try #require(wakeup)
    }

    @Test("A timer with an empty queue does nothing")
    func empty() throws {
        var machine = try CheckedScheduler(.byHand())
        let effects = try machine.timer(at: 5)
        #expect(effects.isEmpty)
        #expect(machine.scheduler.nextWakeup == nil)
    }

    @Test("The timer asked for is the first moment at which a request has become hopeless")
    func exact() throws {
        var machine = try CheckedScheduler(.byHand())
        _ = try machine.arrive(1, due: 100, at: 0)
        _ = try machine.arrive(2, due: 20, at: 0)
        let wakeup = try Self.wakeup(machine.scheduler.nextWakeup)
        // 20 ms less the 2.1 ms that it needs alone, and one nanosecond.
        let alone = machine.scheduler.latency.latency(rows: 1)
        #expect(wakeup == CheckedScheduler.instant(20) - alone + Interval(nanoseconds: 1))
        let early = try machine.send(.timerFired, at: wakeup - Interval(nanoseconds: 1))
        #expect(early.effects.isEmpty, "a timer that fires early gives nothing up")
        #expect(machine.scheduler.nextWakeup == wakeup)
        let due = try machine.send(.timerFired, at: wakeup)
        #expect(due.effects == [.rejected(2, .deadlineMissed)])
        #expect(machine.scheduler.nextWakeup == nil)
    }

    @Test("The timer follows the earliest deadline over all classes and shapes")
    func earliest() throws {
        let classes = [
            PriorityClass.forTest("high", deadline: 100), .forTest("low", deadline: 100),
        ]
        var machine = try CheckedScheduler(.byHand(classes: classes))
        _ = try machine.arrive(1, due: nil, at: 0)
        var previous = Instant.distantFuture
        for (id, due) in [(2, 90.0), (3, 70), (4, 50), (5, 30)] {
            _ = try machine.arrive(
                UInt64(id), class: id % 2, due: due, shape: UInt64(id / 4), at: 0)
            let wakeup = try Self.wakeup(machine.scheduler.nextWakeup)
            #expect(wakeup < previous)
            previous = wakeup
        }
        let effects = try machine.timer(at: 60)
        #expect(effects == [.rejected(4, .deadlineMissed), .rejected(5, .deadlineMissed)])
    }

    @Test("A completion that comes too late gives hopeless requests up before it forms a batch")
    func lateCompletion() throws {
        var machine = try CheckedScheduler(.byHand())
        _ = try machine.arrive(1, due: 100, at: 0)
        _ = try machine.arrive(2, due: 20, at: 0)
        _ = try machine.arrive(3, due: 40, at: 0)
        let effects = try machine.complete(0, at: 30)
        #expect(effects == [.rejected(2, .deadlineMissed), .launched(0, [3])])
    }
}
