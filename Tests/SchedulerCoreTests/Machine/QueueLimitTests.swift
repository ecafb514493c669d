internal import SchedulerCore
internal import SchedulerTesting
internal import ServingModel
internal import Testing

@Suite("Machine: a full queue")
struct QueueLimitTests {
    static let classes = [
        PriorityClass.forTest("high", weight: 8, deadline: 1_000),
        .forTest("medium", weight: 3, deadline: 1_000),
        .forTest("low", weight: 1, deadline: 1_000),
    ]

    static func machine(
        requests: Int = 3, bytes: Int = 1_000
    ) throws -> CheckedScheduler {
        var configuration = SchedulerConfiguration.byHand(classes: classes)
        configuration.maxQueuedRequests = requests
        configuration.maxQueuedBytes = bytes
        var machine = try CheckedScheduler(configuration)
        _ = try machine.arrive(1, due: nil, at: 0)
        return machine
    }

    @Test("Within one class the queue refuses the newcomer")
    func sameClass() throws {
        var machine = try Self.machine()
        for id in 2...4 { _ = try machine.arrive(UInt64(id), due: 500, at: 0) }
        let effects = try machine.arrive(5, due: 100, at: 0)
        #expect(effects == [.rejected(5, .queueFull)])
    }

    @Test("More important work displaces the latest of the lightest lesser work")
    func displacement() throws {
        var machine = try Self.machine()
        _ = try machine.arrive(2, class: 1, due: 900, at: 0)
        _ = try machine.arrive(3, class: 2, due: 500, at: 0)
        _ = try machine.arrive(4, class: 2, due: 600, at: 0)
        var effects = try machine.arrive(5, class: 0, due: 800, at: 0)
        #expect(effects == [.rejected(4, .displaced)])
        effects = try machine.arrive(6, class: 1, due: 800, at: 0)
        #expect(effects == [.rejected(3, .displaced)])
        effects = try machine.arrive(7, class: 1, due: 800, at: 0)
        #expect(effects == [.rejected(7, .queueFull)], "not by its equals")
        effects = try machine.arrive(8, class: 0, due: 800, at: 0)
        #expect(effects == [.rejected(2, .displaced)])
        effects = try machine.arrive(9, class: 2, due: 800, at: 0)
        #expect(effects == [.rejected(9, .queueFull)], "not by lesser work")
    }

    @Test("A queue that becomes shorter gives up the latest of the lightest work, and grows back")
    func shorter() throws {
        var machine = try Self.machine(requests: 5)
        _ = try machine.arrive(2, class: 2, due: 500, at: 0)
        _ = try machine.arrive(3, class: 0, due: 900, at: 0)
        _ = try machine.arrive(4, class: 2, due: 600, at: 0)
        _ = try machine.arrive(5, class: 1, due: 700, at: 0)
        var effects = try machine.send(.queueLimited(requests: 2), at: .origin).effects
        #expect(effects == [.rejected(4, .queueFull), .rejected(2, .queueFull)])
        effects = try machine.arrive(6, class: 1, due: 800, at: 0)
        #expect(effects == [.rejected(6, .queueFull)])
        effects = try machine.send(.queueLimited(requests: 0), at: .origin).effects
        #expect(effects == [.rejected(5, .queueFull)], "one may always wait")
        try machine.send(.queueLimited(requests: 99), at: .origin)
        #expect(machine.scheduler.configuration.maxQueuedRequests == 5)
        for id in 7...10 { _ = try machine.arrive(UInt64(id), due: 500, at: 0) }
        effects = try machine.arrive(11, due: 500, at: 0)
        #expect(effects == [.rejected(11, .queueFull)])
    }

    @Test("Bytes are limited too, and one request may displace several")
    func bytes() throws {
        var machine = try Self.machine(requests: 10, bytes: 100)
        var effects = try machine.arrive(2, class: 2, due: 500, bytes: 40, at: 0)
        #expect(effects.isEmpty)
        _ = try machine.arrive(3, class: 1, due: 500, bytes: 40, at: 0)
        effects = try machine.arrive(4, class: 0, due: 500, bytes: 21, at: 0)
        #expect(effects == [.rejected(2, .displaced)])
        effects = try machine.arrive(5, class: 0, due: 500, bytes: 79, at: 0)
        #expect(effects == [.rejected(3, .displaced)])
        #expect(machine.scheduler.queuedBytes == 100)
        effects = try machine.arrive(6, class: 0, due: 500, bytes: 1, at: 0)
        #expect(effects == [.rejected(6, .queueFull)])
        effects = try machine.arrive(7, class: 0, due: 500, bytes: 0, at: 0)
        #expect(effects.isEmpty)
    }

    @Test("A request larger than the whole queue displaces nobody")
    func oversized() throws {
        var machine = try Self.machine(requests: 10, bytes: 100)
        _ = try machine.arrive(2, class: 2, due: 500, bytes: 40, at: 0)
        let effects = try machine.arrive(3, class: 0, due: 500, bytes: 101, at: 0)
        #expect(effects == [.rejected(3, .queueFull)])
        #expect(machine.scheduler.queuedRequests == 1)
    }

    @Test("A hopeless newcomer displaces nobody")
    func hopeless() throws {
        var machine = try Self.machine(requests: 1)
        _ = try machine.arrive(2, class: 2, due: 500, at: 0)
        let effects = try machine.arrive(3, class: 0, due: 1, at: 0)
        #expect(effects == [.rejected(3, .deadlineUnreachable)])
    }
}
