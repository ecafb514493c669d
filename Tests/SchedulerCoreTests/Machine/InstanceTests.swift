internal import ControlCore
internal import SchedulerCore
internal import SchedulerTesting
internal import ServingModel
internal import Testing

@Suite("Machine: instances")
struct InstanceTests {
    @Test("Without an instance every arrival is refused")
    func none() throws {
        var machine = try CheckedScheduler(.byHand(instances: 2), startsReady: false)
        var effects = try machine.arrive(1, due: 100, at: 0)
        #expect(effects == [.rejected(1, .noInstance)])
        effects = try machine.ready(1, at: 1)
        #expect(effects.isEmpty)
        effects = try machine.arrive(2, due: 100, at: 1)
        #expect(effects == [.launched(1, [2])])
        var empty = try CheckedScheduler(.byHand(instances: 0))
        effects = try empty.arrive(1, due: 100, at: 0)
        #expect(effects == [.rejected(1, .noInstance)])
    }

    @Test(
        "An instance whose model is out of memory judges by its return, and takes what waits then")
    func held() throws {
        var machine = try CheckedScheduler(.byHand())
        try machine.send(.held(InstanceID(0), until: .origin + .milliseconds(50)), at: .origin)
        var effects = try machine.arrive(1, due: 40, at: 1)
        #expect(effects == [.rejected(1, .deadlineUnreachable)])
        effects = try machine.arrive(2, due: 100, at: 1)
        effects += try machine.arrive(3, due: 200, at: 1)
        effects += try machine.arrive(4, due: nil, at: 1)
        effects += try machine.cancel(3, at: 2)
        #expect(effects == [.cancelled(3)], "they wait")
        effects = try machine.timer(at: 110)
        #expect(effects == [.rejected(2, .deadlineMissed)])
        effects = try machine.ready(0, at: 120)
        #expect(effects == [.launched(0, [4])])
        try machine.send(
            .held(InstanceID(0), until: .distantFuture), at: .origin + .milliseconds(121))
        effects = try machine.complete(0, at: 122)
        effects += try machine.arrive(5, due: 200, at: 123)
        #expect(effects == [.launched(0, [5])], "one that runs is not held")
    }

    @Test("An instance that comes late takes what waits")
    func late() throws {
        var machine = try CheckedScheduler(.byHand(instances: 2), startsReady: false)
        _ = try machine.ready(0, at: 0)
        _ = try machine.arrive(1, due: 100, at: 0)
        _ = try machine.arrive(2, due: 100, at: 0)
        var effects = try machine.ready(1, at: 1)
        #expect(effects == [.launched(1, [2])])
        effects = try machine.ready(1, at: 1)
        #expect(effects.isEmpty, "it is there already")
    }

    @Test("An instance on trial takes one request of the least important class, and is lost again")
    func trial() throws {
        let classes = [
            PriorityClass.forTest("high", deadline: 100), .forTest("low", deadline: 100),
        ]
        var machine = try CheckedScheduler(.byHand(classes: classes, instances: 2))
        _ = try machine.lose(1, at: 0)
        _ = try machine.arrive(1, due: 100, at: 0)
        _ = try machine.arrive(2, due: 100, at: 0)
        _ = try machine.arrive(3, class: 1, due: 90, at: 0)
        _ = try machine.arrive(4, class: 1, due: 80, at: 0)
        var effects = try machine.probe(1, at: 1)
        #expect(effects == [.launched(1, [4])])
        effects = try machine.complete(1, .success, at: 2)
        #expect(effects.isEmpty, "a trial is one request")
        effects = try machine.ready(1, at: 2)
        #expect(effects == [.launched(1, [2])], "its share of what waits")
    }

    @Test(
        "A trial spares important requests while lesser ones may come, and healthy instances go on")
    func trialWaits() throws {
        let classes = [
            PriorityClass.forTest("high", deadline: 100), .forTest("low", deadline: 100),
        ]
        var machine = try CheckedScheduler(.byHand(classes: classes, instances: 2))
        _ = try machine.arrive(1, class: 1, due: 100, at: 0)
        _ = try machine.lose(1, at: 0)
        var effects = try machine.probe(1, at: 0)
        #expect(effects.isEmpty)
        effects = try machine.arrive(2, due: 100, at: 1)
        #expect(effects.isEmpty, "it waits for the instance that works")
        effects = try machine.complete(0, at: 2)
        #expect(effects == [.launched(0, [2])])
        effects = try machine.arrive(3, class: 1, due: 100, at: 3)
        #expect(effects == [.launched(1, [3])])
        effects = try machine.probe(1, at: 3)
        #expect(effects.isEmpty, "its call has not returned")
    }

    @Test("Where no other instance serves, a trial takes what comes and everything else is refused")
    func loneTrial() throws {
        var machine = try CheckedScheduler(.byHand())
        _ = try machine.lose(0, at: 0)
        var effects = try machine.arrive(1, due: 100, at: 0)
        #expect(effects == [.rejected(1, .noInstance)])
        _ = try machine.probe(0, at: 1)
        _ = try machine.arrive(2, due: 50, isFollowed: true, at: 2)
        effects = try machine.arrive(3, due: 40, at: 2)
        #expect(effects == [.launched(0, [3]), .rejected(2, .noInstance)])
        effects = try machine.arrive(4, due: 100, at: 3)
        #expect(effects == [.rejected(4, .noInstance)])
        effects = try machine.ready(0, at: 4)
        #expect(effects.isEmpty, "it works, but is busy")
        effects = try machine.arrive(5, due: 100, at: 4)
        #expect(effects.isEmpty)
        effects = try machine.complete(0, .success, at: 5)
        #expect(effects == [.launched(0, [5])])
    }

    @Test("With the last instance gone, one on trial takes one request before the rest is refused")
    func lastGoneBesideTrial() throws {
        var machine = try CheckedScheduler(.byHand(instances: 2))
        _ = try machine.lose(1, at: 0)
        _ = try machine.arrive(1, due: 100, at: 0)
        _ = try machine.arrive(2, due: 100, at: 0)
        _ = try machine.arrive(3, due: 100, at: 0)
        // The class has traffic, so a trial takes its first request at once.
        var effects = try machine.probe(1, at: 0)
        #expect(effects == [.launched(1, [2])])
        _ = try machine.complete(1, at: 1)
        effects = try machine.lose(0, at: 1)
        #expect(effects == [.rejected(3, .noInstance)])
        _ = try machine.probe(1, at: 2)
        effects = try machine.lose(1, at: 2)
        #expect(effects.isEmpty)
        effects = try machine.arrive(4, due: 100, at: 3)
        #expect(effects == [.rejected(4, .noInstance)])
    }

    @Test("With the last instance gone everything that waits is refused, in a fixed order")
    func lastGone() throws {
        let classes = [
            PriorityClass.forTest("high", deadline: 100), .forTest("low", deadline: 100),
        ]
        var machine = try CheckedScheduler(.byHand(classes: classes))
        _ = try machine.arrive(1, due: 100, at: 0)
        _ = try machine.arrive(2, class: 1, due: 50, at: 0)
        _ = try machine.arrive(3, due: 90, at: 0)
        _ = try machine.arrive(4, due: 80, at: 0)
        var effects = try machine.lose(0, at: 1)
        #expect(
            effects == [
                .rejected(4, .noInstance), .rejected(3, .noInstance), .rejected(2, .noInstance),
            ])
        effects = try machine.arrive(5, due: 100, at: 1)
        #expect(effects == [.rejected(5, .noInstance)], "the one that leaves takes nothing more")
        effects = try machine.complete(0, .success, at: 2)
        #expect(effects.isEmpty, "its last batch still completes")
        try machine.finish()
        effects = try machine.ready(0, at: 3)
        #expect(effects.isEmpty)
        effects = try machine.arrive(6, due: 100, at: 3)
        #expect(effects == [.launched(0, [6])])
    }

    @Test("An instance that goes and comes back while it runs keeps its batch")
    func thereAndBack() throws {
        var machine = try CheckedScheduler(.byHand(instances: 2))
        _ = try machine.arrive(1, due: 100, at: 0)
        _ = try machine.arrive(2, due: 100, at: 0)
        _ = try machine.arrive(3, due: 100, at: 0)
        var effects = try machine.lose(0, at: 1)
        #expect(effects.isEmpty)
        effects = try machine.lose(0, at: 1)
        #expect(effects.isEmpty, "it is leaving already")
        effects = try machine.ready(0, at: 1)
        #expect(effects.isEmpty, "it is busy still")
        effects = try machine.complete(0, at: 2)
        #expect(effects == [.launched(0, [3])])
    }

    @Test("An idle instance that goes takes nothing with it")
    func idleGoes() throws {
        var machine = try CheckedScheduler(.byHand(instances: 2))
        var effects = try machine.lose(0, at: 0)
        #expect(effects.isEmpty)
        effects = try machine.arrive(1, due: 100, at: 0)
        #expect(effects == [.launched(1, [1])])
        effects = try machine.lose(0, at: 0)
        #expect(effects.isEmpty, "it is gone already")
    }

    @Test("A batch that failed teaches the latency model nothing, one that succeeded does")
    func learning() throws {
        var machine = try CheckedScheduler(.byHand())
        _ = try machine.arrive(1, due: nil, at: 0)
        let before = machine.scheduler.latency
        _ = try machine.complete(0, .failure, at: 50)
        #expect(machine.scheduler.latency == before)
        _ = try machine.arrive(2, due: nil, at: 50)
        _ = try machine.complete(0, .success, at: 60)
        #expect(machine.scheduler.latency.observations == 1)
        #expect(machine.scheduler.latency.latency(rows: 1) > before.latency(rows: 1))
    }

    @Test("A draining server refuses arrivals and serves what waits")
    func draining() throws {
        var machine = try CheckedScheduler(.byHand())
        _ = try machine.arrive(1, due: 100, at: 0)
        _ = try machine.arrive(2, due: 100, at: 0)
        var effects = try machine.drain(at: 1)
        #expect(effects.isEmpty)
        effects = try machine.arrive(3, due: 100, at: 1)
        #expect(effects == [.rejected(3, .draining)])
        effects = try machine.complete(0, at: 2)
        #expect(effects == [.launched(0, [2])])
        _ = try machine.complete(0, at: 4)
        try machine.finish()
    }
}
