internal import ControlCore
internal import SchedulerCore
internal import SchedulerTesting
internal import ServingModel
internal import Testing

@Suite("Machine: shapes")
struct ShapeTests {
    @Test("Only requests of equal shape share a batch; the most urgent shape goes first")
    func separate() throws {
        var machine = try CheckedScheduler(.byHand())
        _ = try machine.arrive(1, due: 500, at: 0)
        _ = try machine.arrive(2, due: 400, shape: 7, at: 0)
        _ = try machine.arrive(3, due: 300, shape: 8, at: 0)
        _ = try machine.arrive(4, due: 500, shape: 7, at: 0)
        var effects = try machine.complete(0, at: 1)
        #expect(effects == [.launched(0, [3])])
        effects = try machine.complete(0, at: 2)
        #expect(effects == [.launched(0, [2, 4])])
    }

    @Test("More important work decides which shape goes first")
    func importance() throws {
        let classes = [
            PriorityClass.forTest("high", deadline: 500), .forTest("low", deadline: 500),
        ]
        var machine = try CheckedScheduler(.byHand(classes: classes))
        _ = try machine.arrive(1, due: 500, at: 0)
        _ = try machine.arrive(2, class: 1, due: 100, shape: 7, at: 0)
        _ = try machine.arrive(3, class: 0, due: 400, shape: 8, at: 0)
        let effects = try machine.complete(0, at: 1)
        #expect(effects == [.launched(0, [3])])
    }

    @Test("A shape whose lesser work grows old is served when its credit is a whole turn")
    func credit() throws {
        let classes = [
            PriorityClass.forTest("high", deadline: 1_000),
            .forTest("low", floorShare: 0.25, deadline: 1_000),
        ]
        var machine = try CheckedScheduler(.byHand(classes: classes))
        _ = try machine.arrive(1, due: 9_000, shape: 8, at: 0)
        _ = try machine.arrive(2, class: 1, due: 100, shape: 7, at: 0)
        var served: Int?
        for turn in 1...10 {
            let now = 51.0 + 3 * Double(turn)
            _ = try machine.arrive(UInt64(turn + 10), due: 9_000, shape: 8, at: now)
            let effects = try machine.complete(0, at: now + 1)
            if effects == [.launched(0, [2])] {
                served = turn
                break
            }
            #expect(effects == [.launched(0, [UInt64(turn + 10)])])
        }
        #expect(served == 4, "a quarter of the turns, once it is old")
    }

    @Test("With every place for a shape taken, a new shape is refused and a known one is not")
    func full() throws {
        var configuration = SchedulerConfiguration.byHand()
        configuration.maxShapes = 2
        var machine = try CheckedScheduler(configuration)
        _ = try machine.arrive(1, due: 500, shape: 1, at: 0)
        _ = try machine.arrive(2, due: 500, shape: 2, at: 0)
        var effects = try machine.arrive(3, due: 500, shape: 3, at: 0)
        #expect(effects == [.rejected(3, .queueFull)])
        effects = try machine.arrive(4, due: 500, shape: 2, at: 0)
        #expect(effects.isEmpty)
    }

    @Test("The place of the shape that was unused longest is taken over, with a fresh model")
    func recycling() throws {
        var configuration = SchedulerConfiguration.byHand()
        configuration.maxShapes = 2
        var machine = try CheckedScheduler(configuration)
        for (id, shape) in [(1, 1), (2, 2)] as [(UInt64, UInt64)] {
            _ = try machine.arrive(id, due: nil, shape: shape, at: Double(id) * 10)
            _ = try machine.complete(0, .success, at: Double(id) * 10 + 3)
        }
        #expect(machine.scheduler.latency(of: ShapeID(1)).observations == 1)
        let effects = try machine.arrive(3, due: nil, shape: 3, at: 40)
        #expect(effects == [.launched(0, [3])])
        #expect(machine.scheduler.latency(of: ShapeID(1)) == configuration.latency, "forgotten")
        #expect(machine.scheduler.latency(of: ShapeID(2)).observations == 1, "kept")
        _ = try machine.complete(0, .success, at: 43)
        #expect(machine.scheduler.latency(of: ShapeID(3)).observations == 1)
    }

    @Test("A shape whose batch runs keeps its place although nothing of it waits")
    func running() throws {
        var configuration = SchedulerConfiguration.byHand(instances: 2)
        configuration.maxShapes = 1
        var machine = try CheckedScheduler(configuration)
        _ = try machine.arrive(1, due: nil, shape: 1, at: 0)
        var effects = try machine.arrive(2, due: nil, shape: 2, at: 1)
        #expect(effects == [.rejected(2, .queueFull)])
        _ = try machine.complete(0, .success, at: 2)
        effects = try machine.arrive(3, due: nil, shape: 2, at: 3)
        #expect(effects == [.launched(0, [3])])
    }
}
