internal import SchedulerCore
internal import SchedulerTesting
internal import ServingModel
internal import Testing
internal import TraceFormat

/// A batch of n rows takes 1.05 (1 + n) ms here and holds at most four.
@Suite("Machine: fast fail")
struct FastFailTests {
    private func machine(
        _ fastFail: FastFail, classes: [PriorityClass] = [.forTest("only", deadline: 1_000)]
    ) throws -> CheckedScheduler {
        var configuration = SchedulerConfiguration.byHand(classes: classes, maxBatchRows: 4)
        configuration.fastFail = fastFail
        return try CheckedScheduler(configuration)
    }

    @Test("With .tail a newcomer is refused at once when the work before it fills its time")
    func tail() throws {
        var machine = try machine(.tail)
        _ = try machine.arrive(1, due: 24, at: 1)
        // The instance is free at 3.1. Behind 14 rows: three full batches, then one of three, done
        // at 23.05; behind 15 the last one has four rows and is done at 24.1.
        for id in 2...16 {
            let effects = try machine.arrive(UInt64(id), due: 24, at: 1)
            #expect(effects.isEmpty, "request \(id) behind \(id - 2) rows")
        }
        let effects = try machine.arrive(17, due: 24, at: 1)
        #expect(effects == [.rejected(17, .deadlineUnreachable)])
        #expect(machine.scheduler.queuedRequests == 15)
    }

    @Test("With .head the same newcomer may wait for its chance")
    func head() throws {
        var machine = try machine(.head)
        for id in 1...17 { _ = try machine.arrive(UInt64(id), due: 24, at: 1) }
        #expect(machine.scheduler.queuedRequests == 16)
    }

    @Test("An earlier deadline boards first, so later ones do not stand in its way")
    func earlierDeadline() throws {
        var machine = try machine(.tail)
        for id in 1...16 { _ = try machine.arrive(UInt64(id), due: 24, at: 1) }
        let effects = try machine.arrive(17, due: 10, at: 1)
        #expect(effects.isEmpty)
    }

    @Test("Lesser work does not stand in the way of a more important class, but the reverse")
    func classes() throws {
        let classes = [
            PriorityClass.forTest("high", deadline: 1_000), .forTest("low", deadline: 1_000),
        ]
        var machine = try machine(.tail, classes: classes)
        _ = try machine.arrive(1, class: 1, due: 24, at: 1)
        for id in 2...16 { _ = try machine.arrive(UInt64(id), class: 1, due: 24, at: 1) }
        var effects = try machine.arrive(17, class: 0, due: 24, at: 1)
        #expect(effects.isEmpty)
        effects = try machine.arrive(18, class: 1, due: 24, at: 1)
        #expect(effects == [.rejected(18, .deadlineUnreachable)])
    }

    @Test("A request without a deadline is never refused for one")
    func noDeadline() throws {
        var machine = try machine(.tail)
        for id in 1...200 {
            let step = try machine.send(
                .arrived(
                    Arrival(
                        id: RequestID(UInt64(id)), priorityClass: ClassIndex(0),
                        deadline: .distantFuture)), at: CheckedScheduler.instant(1))
            #expect(!step.actions.contains { if case .reject = $0 { true } else { false } })
        }
    }

    @Test("The earliest deadline that is posted is the one the machine then accepts")
    func posted() throws {
        var machine = try machine(.tail)
        let now = CheckedScheduler.instant(1)
        #expect(machine.scheduler.earliestDeadline(of: ClassIndex(0), at: now) == .origin)
        for id in 1...16 { _ = try machine.arrive(UInt64(id), due: 24, at: 1) }
        let posted = machine.scheduler.earliestDeadline(of: ClassIndex(0), at: now)
        let late = Arrival(
            id: RequestID(100), priorityClass: ClassIndex(0),
            deadline: posted - Interval(nanoseconds: 1))
        // Due before the others it would board first; the posted deadline supposes it boards last.
        #expect(posted > CheckedScheduler.instant(24))
        #expect(try machine.send(.arrived(late), at: now).actions.count == 1)
        let inTime = Arrival(id: RequestID(101), priorityClass: ClassIndex(0), deadline: posted)
        #expect(try machine.send(.arrived(inTime), at: now).actions.isEmpty)
    }

    /// A machine that has met two rows per millisecond for 300 ms, more than it can take.
    private func overloaded(maxBatchRows: Int, deadline: UInt64) throws -> CheckedScheduler {
        var configuration = SchedulerConfiguration.byHand(
            classes: [.forTest("only", deadline: deadline)], maxBatchRows: maxBatchRows)
        configuration.fastFail = .tail
        var machine = try CheckedScheduler(configuration)
        for time in 1...300 {
            _ = try machine.send(
                .turnedAway(ClassIndex(0), rows: 2), at: CheckedScheduler.instant(Double(time)))
        }
        return machine
    }

    @Test("While more comes than can be computed a newcomer is judged by a full batch")
    func companions() throws {
        var machine = try overloaded(maxBatchRows: 4, deadline: 1_000)
        // Due before its batch of four would end, at 302.1 + 5.25, though alone it would be done at 304.2.
        _ = try machine.arrive(1, due: 900, at: 300)
        let posted = machine.scheduler.earliestDeadline(
            of: ClassIndex(0), at: CheckedScheduler.instant(300))
        #expect(posted == CheckedScheduler.instant(307.35))
        let outlook = machine.scheduler.outlook(
            for: ClassIndex(0), at: CheckedScheduler.instant(300))
        #expect(outlook.places == 4)
        var effects = try machine.arrive(2, due: 307.3, at: 300)
        #expect(effects == [.rejected(2, .deadlineUnreachable)])
        effects = try machine.arrive(3, due: 307.4, at: 300)
        #expect(effects.isEmpty)
    }

    @Test("The deadline posted holds for as many as it says, and the next ride a batch later")
    func places() throws {
        var machine = try overloaded(maxBatchRows: 4, deadline: 1_000)
        _ = try machine.arrive(1, due: 900, at: 300)
        let now = CheckedScheduler.instant(300)
        for id in 2...12 {
            let outlook = machine.scheduler.outlook(for: ClassIndex(0), at: now)
            // One batch after another, each of four, from 302.1 on.
            let batch = Double((id - 2) / 4 + 1)
            #expect(
                outlook.earliestDeadline == CheckedScheduler.instant(302.1 + 5.25 * batch),
                "before request \(id)")
            #expect(outlook.places == 4 - (id - 2) % 4)
            _ = try machine.arrive(UInt64(id), due: 900, at: 300)
        }
    }

    @Test("With another shape at work the traffic is not known to be a newcomer's")
    func severalShapes() throws {
        var machine = try overloaded(maxBatchRows: 4, deadline: 1_000)
        _ = try machine.arrive(1, due: 900, at: 300)
        let effects = try machine.arrive(2, due: 304.3, shape: 7, at: 300)
        #expect(effects.isEmpty)
    }

    @Test("The end of the traffic is the end of that, and a clump is no traffic")
    func noCompanions() throws {
        var machine = try overloaded(maxBatchRows: 4, deadline: 80)
        // Over the last 100 ms there was traffic, but not over the last 10: both have to say so.
        _ = try machine.arrive(1, due: 900, at: 360)
        let effects = try machine.arrive(2, due: 364.3, at: 360)
        #expect(effects.isEmpty)
        var calm = try self.machine(.tail)
        for id in 1...5 { _ = try calm.arrive(UInt64(id), due: 900, at: 1) }
        #expect(try calm.arrive(6, due: 10.5, at: 1).isEmpty)
    }

    @Test("Where longer batches would be worth it those before a newcomer alone count")
    func growingBatches() throws {
        // Eight rows let a newcomer wait for one batch and ride the next; sixty-four take a tenth less each.
        var machine = try overloaded(maxBatchRows: 64, deadline: 20)
        _ = try machine.arrive(1, due: 900, at: 300)
        let effects = try machine.arrive(2, due: 304.3, at: 300)
        #expect(effects.isEmpty)
    }

    @Test("Requests that were turned away are traffic, but never arrived")
    func turnedAway() throws {
        var machine = try machine(.tail)
        let step = try machine.send(
            .turnedAway(ClassIndex(0), rows: 50), at: CheckedScheduler.instant(1))
        #expect(step.actions.isEmpty)
        #expect(machine.scheduler.queuedRequests == 0)
        // A class beyond the table means the last one, as for arrivals.
        _ = try machine.send(.turnedAway(ClassIndex(9), rows: 1), at: CheckedScheduler.instant(2))
        let effects = try machine.arrive(1, due: 100, at: 3)
        #expect(effects == [.launched(0, [1])])
    }
}
