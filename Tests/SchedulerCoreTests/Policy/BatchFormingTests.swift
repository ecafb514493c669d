internal import ControlCore
internal import SchedulerCore
internal import SchedulerTesting
internal import ServingModel
internal import Testing

/// One class; a batch of `n` takes `1.05 * (1 + n)` ms.
@Suite("Policy: forming a batch of one class")
struct BatchFormingTests {
    @Test(
        "A limit that is learnt holds for every later batch, and never exceeds the configured one")
    func limited() throws {
        var machine = try CheckedScheduler(.byHand(maxBatchRows: 4))
        _ = try machine.arrive(1, due: nil, at: 0)
        for id in 2...6 as ClosedRange<UInt64> { _ = try machine.arrive(id, due: nil, at: 0) }
        try machine.send(.limited(rows: 2), at: .origin)
        var effects = try machine.complete(0, at: 2)
        #expect(effects == [.launched(0, [2, 3])])
        _ = try machine.arrive(7, due: nil, rows: 3, at: 3)
        try machine.send(.limited(rows: 99), at: CheckedScheduler.instant(3))
        effects = try machine.complete(0, at: 5)
        #expect(effects == [.launched(0, [4, 5, 6])], "three rows more would be six")
        #expect(machine.scheduler.configuration.maxBatchRows == 4)
    }

    /// A machine whose instance is busy until it is told otherwise, with these deadlines waiting.
    static func waiting(
        _ deadlines: [Double?], tile: Int = 1, maxBatchRows: Int = 64
    ) throws -> CheckedScheduler {
        var machine = try CheckedScheduler(.byHand(maxBatchRows: maxBatchRows, tile: tile))
        _ = try machine.arrive(100, due: nil, at: 0)
        for (index, due) in deadlines.enumerated() {
            _ = try machine.arrive(UInt64(index + 1), due: due, at: 0)
        }
        return machine
    }

    @Test("Everybody rides when the head can afford the whole batch")
    func feasible() throws {
        var machine = try Self.waiting([10, 30, 30, 30])
        // Four rows take 5.25 ms: from 4.7 on the head could not.
        let effects = try machine.complete(0, at: 4.7)
        #expect(effects == [.launched(0, [1, 2, 3, 4])])
    }

    @Test("A tight head is saved by a short batch when the rest will still be in time")
    func split() throws {
        var machine = try Self.waiting([10, 30, 30, 30])
        // From 5.7 on, three rows (4.2 ms) are the most that the head affords.
        let effects = try machine.complete(0, at: 5.7)
        #expect(effects == [.launched(0, [1, 2, 3])])
        let rest = try machine.complete(0, at: 9.9)
        #expect(rest == [.launched(0, [4])])
    }

    @Test("A head that would drag the rest down is given up for the largest batch in time")
    func crossing() throws {
        var configuration = SchedulerConfiguration.byHand()
        configuration.rateTimeConstant = .milliseconds(1)
        var machine = try CheckedScheduler(configuration)
        _ = try machine.arrive(100, due: nil, at: 0)
        _ = try machine.arrive(1, due: 10, at: 0)
        for id in 2...10 { _ = try machine.arrive(UInt64(id), due: 18.35, at: 7.8) }
        // The head affords one row, after which the other nine could not follow: they are due at the
        // very end of a batch of nine that starts now, and single rows do not keep up with nine in a
        // millisecond.
        let effects = try machine.complete(0, at: 7.85)
        #expect(effects == [.launched(0, [2, 3, 4, 5, 6, 7, 8, 9, 10])])
        let purged = try machine.timer(at: 7.95)
        #expect(purged == [.rejected(1, .deadlineMissed)])
    }

    @Test("Under slight traffic the head is saved even if the rest suffers: short batches keep up")
    func sustainable() throws {
        var configuration = SchedulerConfiguration.byHand()
        configuration.rateTimeConstant = .milliseconds(1)
        var machine = try CheckedScheduler(configuration)
        _ = try machine.arrive(100, due: nil, at: 0)
        for id in 1...10 { _ = try machine.arrive(UInt64(id), due: id == 1 ? 40 : 49, at: 0) }
        // The estimate forgets within milliseconds that ten rows came at once.
        let effects = try machine.complete(0, at: 37.85)
        #expect(effects == [.launched(0, [1])])
    }

    @Test("Requests without deadline fill the batch up to its limit")
    func unlimited() throws {
        var machine = try Self.waiting(Array(repeating: nil, count: 9), maxBatchRows: 4)
        let effects = try machine.complete(0, at: 1)
        #expect(effects == [.launched(0, [1, 2, 3, 4])])
    }

    @Test("Equal deadlines ride in the order of arrival")
    func ties() throws {
        var machine = try Self.waiting([50, 50, 50, 50, 50], maxBatchRows: 2)
        var effects = try machine.complete(0, at: 1)
        #expect(effects == [.launched(0, [1, 2])])
        effects = try machine.complete(0, at: 5)
        #expect(effects == [.launched(0, [3, 4])])
    }

    @Test("Under load a batch is rounded down to whole tiles, but never below one")
    func tiles() throws {
        var configuration = SchedulerConfiguration.byHand(tile: 8)
        configuration.rateTimeConstant = .milliseconds(10)
        var machine = try CheckedScheduler(configuration)
        _ = try machine.arrive(100, due: nil, at: 0)
        for id in 1...11 { _ = try machine.arrive(UInt64(id), due: 300, at: 0) }
        var effects = try machine.complete(0, at: 1)
        #expect(effects == [.launched(0, [1, 2, 3, 4, 5, 6, 7, 8])])
        effects = try machine.complete(0, at: 11)
        #expect(effects == [.launched(0, [9, 10, 11])])
    }

    @Test("Without load a batch is not rounded: the rest would wait for nothing")
    func tilesAtRest() throws {
        var machine = try Self.waiting(Array(repeating: 9_000, count: 11), tile: 8)
        let effects = try machine.complete(0, at: 2_000)
        #expect(effects == [.launched(0, Array(1...11))])
    }

    @Test("Several instances share the queue instead of the first one swallowing it")
    func share() throws {
        var machine = try CheckedScheduler(.byHand(instances: 2))
        _ = try machine.arrive(100, due: nil, at: 0)
        _ = try machine.arrive(101, due: nil, at: 0)
        for id in 1...20 { _ = try machine.arrive(UInt64(id), due: nil, at: 0) }
        // Long after the arrivals the rate is nil, and half of the queue is the share.
        var effects = try machine.complete(0, at: 5_000)
        #expect(effects == [.launched(0, Array(1...10))])
        effects = try machine.complete(1, at: 5_001)
        #expect(effects == [.launched(1, Array(11...15))])
    }
}
