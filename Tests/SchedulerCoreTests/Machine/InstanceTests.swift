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
