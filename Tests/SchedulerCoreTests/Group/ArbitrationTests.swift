internal import SchedulerCore
internal import SchedulerTesting
internal import ServingModel
internal import Testing

/// The seam between one model's scheduler and whoever shares a device among several.
@Suite("Arbitrated schedulers")
struct ArbitrationTests {
    @Test("Neither an arrival nor a completion starts a batch; a grant does")
    func onlyGrants() {
        var world = Arbitrated()
        #expect(world.send(.instanceReady(InstanceID(0)), at: 0).isEmpty)
        #expect(world.arrive(1, due: 100, at: 1).isEmpty)
        #expect(world.arrive(2, due: 100, at: 1).isEmpty)
        #expect(world.send(.granted(InstanceID(0), Grant(rows: 8)), at: 2).count == 1)
        #expect(world.buffer.members.map(\.rawValue) == [1, 2])
        #expect(world.arrive(3, due: 100, at: 3).isEmpty)
        #expect(world.send(.completed(InstanceID(0), .failure), at: 6).isEmpty)
        #expect(world.machine.queuedRequests == 1)
    }

    @Test("A grant without waiting work leaves the instance held")
    func emptyGrant() {
        var world = Arbitrated()
        _ = world.send(.instanceReady(InstanceID(0)), at: 0)
        #expect(world.send(.granted(InstanceID(0), Grant(rows: 8)), at: 1).isEmpty)
        _ = world.arrive(1, due: 100, at: 2)
        #expect(world.send(.granted(InstanceID(0), Grant(rows: 8)), at: 2).count == 1)
    }

    @Test("What cannot survive the time until the instance comes back is refused at arrival")
    func heldUntil() {
        var world = Arbitrated()
        _ = world.send(.instanceReady(InstanceID(0)), at: 0)
        _ = world.send(.held(InstanceID(0), until: CheckedScheduler.instant(50)), at: 0)
        // One row is promised to take 2.1 ms.
        #expect(world.arrive(1, due: 52, at: 1).count == 1)
        #expect(world.arrive(2, due: 52.2, at: 1).isEmpty)
    }

    @Test("The rows of a grant bound the batch")
    func rows() {
        var world = Arbitrated()
        _ = world.send(.instanceReady(InstanceID(0)), at: 0)
        for id in 1...6 { _ = world.arrive(UInt64(id), due: 100, at: 1) }
        _ = world.send(.granted(InstanceID(0), Grant(rows: 4)), at: 2)
        #expect(world.buffer.members.count == 4)
    }

    @Test("The duration of a grant bounds lesser work and leaves the more important alone")
    func longest() {
        var world = Arbitrated()
        _ = world.send(.instanceReady(InstanceID(0)), at: 0)
        for id in 1...4 { _ = world.arrive(UInt64(id), class: 1, due: 900, at: 1) }
        // Three rows are promised to take 4.2 ms.
        let grant = Grant(rows: 8, longest: .microseconds(4_300), lesser: ClassIndex(1))
        _ = world.send(.granted(InstanceID(0), grant), at: 2)
        #expect(world.buffer.members.count == 3)
        _ = world.send(.completed(InstanceID(0), .failure), at: 6)
        for id in 5...9 { _ = world.arrive(UInt64(id), due: 90, at: 7) }
        _ = world.send(.granted(InstanceID(0), grant), at: 8)
        #expect(world.buffer.members.map(\.rawValue) == [5, 6, 7, 8, 9])
    }
}

/// An arbitrated scheduler, driven by hand.
private struct Arbitrated: ~Copyable {
    var machine = Scheduler(Self.configuration)
    var buffer = ActionBuffer()

    private static var configuration: SchedulerConfiguration {
        var configuration = SchedulerConfiguration.byHand(
            classes: [
                .forTest("high", weight: 2, deadline: 100), .forTest("low", deadline: 1_000),
            ], maxBatchRows: 8)
        configuration.minEfficiency = 0.1
        configuration.isArbitrated = true
        return configuration
    }

    mutating func send(_ event: Event, at time: Double) -> [Action] {
        buffer.removeAll()
        machine.handle(event, at: CheckedScheduler.instant(time), into: &buffer)
        machine.checkInvariants()
        return buffer.actions
    }

    mutating func arrive(
        _ id: UInt64, class index: Int = 0, due: Double, at time: Double
    ) -> [Action] {
        let deadline = CheckedScheduler.instant(due)
        return send(
            .arrived(
                Arrival(id: RequestID(id), priorityClass: ClassIndex(index), deadline: deadline)),
            at: time)
    }
}
