internal import SchedulerCore
internal import SchedulerTesting
internal import ServingModel
internal import Testing

@Suite("Policy: requests of several rows")
struct RowsTests {
    @Test("Rows, not requests, fill a batch; a request that does not fit ends the boarding")
    func rowsCount() throws {
        var machine = try CheckedScheduler(.byHand(maxBatchRows: 10))
        _ = try machine.arrive(1, due: nil, at: 0)
        _ = try machine.arrive(2, due: 500, rows: 6, at: 0)
        _ = try machine.arrive(3, due: 510, rows: 5, at: 0)
        _ = try machine.arrive(4, due: 520, rows: 4, at: 0)
        #expect(machine.scheduler.queuedRows == 15)
        var effects = try machine.complete(0, at: 2)
        #expect(effects == [.launched(0, [2])], "in order of deadline, without overtaking")
        effects = try machine.complete(0, at: 10)
        #expect(effects == [.launched(0, [3, 4])])
    }

    @Test("A request larger than every cap rides alone")
    func oversized() throws {
        var machine = try CheckedScheduler(.byHand(maxBatchRows: 4))
        _ = try machine.arrive(1, due: nil, at: 0)
        _ = try machine.arrive(2, due: 100, rows: 9, at: 0)
        _ = try machine.arrive(3, due: 200, rows: 1, at: 0)
        var effects = try machine.complete(0, at: 1)
        #expect(effects == [.launched(0, [2])])
        effects = try machine.complete(0, at: 12)
        #expect(effects == [.launched(0, [3])])
    }

    @Test("The deadline of a large request counts with its own rows")
    func ownRows() throws {
        var machine = try CheckedScheduler(.byHand())
        var effects = try machine.arrive(1, due: 7.2, rows: 5, at: 1)
        #expect(effects == [.rejected(1, .deadlineUnreachable)])
        effects = try machine.arrive(2, due: 7.4, rows: 5, at: 1)
        #expect(effects == [.launched(0, [2])])
    }
}
