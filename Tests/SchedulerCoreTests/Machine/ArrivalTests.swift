internal import SchedulerCore
internal import SchedulerTesting
internal import ServingModel
internal import Testing
internal import TraceFormat

@Suite("Machine: arrivals")
struct ArrivalTests {
    @Test("An arrival at an idle instance is launched at once, alone")
    func idle() throws {
        var machine = try CheckedScheduler(.byHand())
        let effects = try machine.arrive(7, due: 100, at: 1)
        #expect(effects == [.launched(0, [7])])
        #expect(machine.scheduler.queuedRequests == 0)
        #expect(machine.scheduler.nextWakeup == nil)
    }

    @Test("Arrivals at a busy instance wait, and ride together when it is done")
    func busy() throws {
        var machine = try CheckedScheduler(.byHand())
        _ = try machine.arrive(1, due: 100, at: 1)
        var effects = try machine.arrive(2, due: 100, at: 1.5)
        #expect(effects.isEmpty)
        effects = try machine.arrive(3, due: 90, at: 1.7)
        #expect(effects.isEmpty)
        #expect(machine.scheduler.queuedRequests == 2)
        effects = try machine.complete(0, at: 3)
        #expect(effects == [.launched(0, [3, 2])], "in the order of their deadlines")
        effects = try machine.complete(0, at: 6)
        #expect(effects.isEmpty)
        try machine.finish()
    }

    @Test("Arrivals announced together ride together on an idle instance")
    func announced() throws {
        var machine = try CheckedScheduler(.byHand())
        var effects = try machine.arrive(1, due: 100, isFollowed: true, at: 1)
        #expect(effects.isEmpty)
        effects = try machine.arrive(2, due: 100, isFollowed: true, at: 1)
        #expect(effects.isEmpty)
        effects = try machine.arrive(3, due: 100, at: 1)
        #expect(effects == [.launched(0, [1, 2, 3])])
    }

    @Test("The last of several announced arrivals launches the others even when it is rejected")
    func announcedThenRejected() throws {
        var machine = try CheckedScheduler(.byHand())
        _ = try machine.arrive(1, due: 100, isFollowed: true, at: 1)
        let effects = try machine.arrive(2, due: 1, at: 1)
        #expect(effects == [.rejected(2, .deadlineUnreachable), .launched(0, [1])])
    }

    @Test("A deadline that even an immediate start cannot meet is refused on arrival")
    func unreachable() throws {
        var machine = try CheckedScheduler(.byHand())
        var effects = try machine.arrive(1, due: 3.099, at: 1)
        #expect(effects == [.rejected(1, .deadlineUnreachable)])
        effects = try machine.arrive(2, due: 3.1001, at: 1)
        #expect(effects == [.launched(0, [2])])
        // The instance is promised to be free at 3.1; 2.1 ms more are needed then.
        effects = try machine.arrive(3, due: 5.1, at: 2)
        #expect(effects == [.rejected(3, .deadlineUnreachable)])
        effects = try machine.arrive(4, due: 5.3, at: 2)
        #expect(effects.isEmpty)
    }

    @Test("A deadline without any slack is refused, also at the clock's origin")
    func zeroSlack() throws {
        var machine = try CheckedScheduler(.byHand())
        var effects = try machine.arrive(1, due: 0, at: 0)
        #expect(effects == [.rejected(1, .deadlineUnreachable)])
        effects = try machine.arrive(2, due: 1, at: 0)
        #expect(effects == [.rejected(2, .deadlineUnreachable)])
        effects = try machine.arrive(3, due: 5, at: 9)
        #expect(effects == [.rejected(3, .deadlineUnreachable)], "long past")
    }

    @Test("The guard interval is kept free before the deadline")
    func guardInterval() throws {
        var configuration = SchedulerConfiguration.byHand()
        configuration.guardInterval = .milliseconds(5)
        var machine = try CheckedScheduler(configuration)
        var effects = try machine.arrive(1, due: 8, at: 1)
        #expect(effects == [.rejected(1, .deadlineUnreachable)])
        effects = try machine.arrive(2, due: 8.2, at: 1)
        #expect(effects == [.launched(0, [2])])
    }

    @Test("A request without a deadline waits as long as it takes and needs no timer")
    func noDeadline() throws {
        var machine = try CheckedScheduler(.byHand())
        _ = try machine.arrive(1, due: nil, at: 1)
        var effects = try machine.arrive(2, due: nil, at: 1)
        #expect(effects.isEmpty)
        #expect(machine.scheduler.nextWakeup == nil)
        effects = try machine.timer(at: 1e9)
        #expect(effects.isEmpty)
        effects = try machine.complete(0, at: 1e9)
        #expect(effects == [.launched(0, [2])])
    }

    @Test("A class beyond the table counts as the last one")
    func classBeyondTable() throws {
        let classes = [
            PriorityClass.forTest("high", deadline: 100), .forTest("low", deadline: 100),
        ]
        var machine = try CheckedScheduler(.byHand(classes: classes))
        _ = try machine.arrive(1, due: 100, at: 0)
        _ = try machine.arrive(2, class: 99, due: 100, at: 0)
        #expect(machine.scheduler.queuedRequests(of: ClassIndex(1)) == 1)
        #expect(machine.scheduler.queuedRequests(of: ClassIndex(0)) == 0)
    }

    @Test("A rejection says when the backlog will have passed")
    func retryAfter() throws {
        var machine = try CheckedScheduler(.byHand())
        _ = try machine.arrive(1, due: nil, at: 0)
        for id in 2...9 { _ = try machine.arrive(UInt64(id), due: nil, at: 0) }
        let step = try machine.send(
            .arrived(Arrival(id: RequestID(10), priorityClass: ClassIndex(0), deadline: .origin)),
            at: .origin)
        guard case .reject(_, .deadlineUnreachable, let retryAfter) = step.actions.first else {
            Issue.record("\(step.canonicalText)")
            return
        }
        // Eight rows at once take 1.05 * 9 ms.
        #expect(abs(retryAfter.milliseconds - 9.45) < 0.001, "\(retryAfter)")
    }
}
