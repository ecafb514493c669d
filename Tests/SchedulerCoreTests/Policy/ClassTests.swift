internal import ControlCore
internal import SchedulerCore
internal import SchedulerTesting
internal import ServingModel
internal import Testing

@Suite("Policy: several classes")
struct ClassTests {
    static let classes = [
        PriorityClass.forTest("high", weight: 8, deadline: 40),
        .forTest("low", weight: 1, floorShare: 0.25, deadline: 1_000),
    ]

    static func machine() throws -> CheckedScheduler {
        var machine = try CheckedScheduler(.byHand(classes: classes))
        _ = try machine.arrive(100, class: 1, due: nil, at: 0)
        return machine
    }

    @Test("More important work boards first, whatever the deadlines")
    func order() throws {
        var machine = try Self.machine()
        _ = try machine.arrive(1, class: 1, due: 30, at: 0)
        _ = try machine.arrive(2, class: 0, due: 40, at: 0)
        let effects = try machine.complete(0, at: 1)
        #expect(effects == [.launched(0, [2, 1])])
    }

    @Test("Lesser work does not make a batch longer than half of a more important deadline")
    func blocking() throws {
        var machine = try Self.machine()
        _ = try machine.arrive(1, class: 0, due: 40, at: 0)
        for id in 2...40 { _ = try machine.arrive(UInt64(id), class: 1, due: 900, at: 0) }
        // Half of 40 ms is enough for 18 rows: 1.05 * 19 = 19.95.
        let effects = try machine.complete(0, at: 1)
        #expect(effects == [.launched(0, Array(1...18))])
    }

    @Test("The cap goes when the more important class has had no traffic for long")
    func blockingForgets() throws {
        var machine = try Self.machine()
        _ = try machine.arrive(1, class: 0, due: 40, at: 0)
        _ = try machine.cancel(1, at: 1)
        for id in 2...40 { _ = try machine.arrive(UInt64(id), class: 1, due: 9_000, at: 0) }
        let effects = try machine.complete(0, at: 2_000)
        #expect(effects == [.launched(0, Array(2...40))])
    }

    @Test("The cap never pushes a batch below the efficiency floor")
    func floor() throws {
        var configuration = SchedulerConfiguration.byHand(classes: Self.classes)
        configuration.minEfficiency = 0.96
        var machine = try CheckedScheduler(configuration)
        _ = try machine.arrive(100, class: 1, due: nil, at: 0)
        _ = try machine.arrive(1, class: 0, due: 40, at: 0)
        for id in 2...60 { _ = try machine.arrive(UInt64(id), class: 1, due: 900, at: 0) }
        // The floor of 24 rows is above the cap of 18 and below what request 1 affords (36).
        let effects = try machine.complete(0, at: 1)
        #expect(effects == [.launched(0, Array(1...24))])
    }

    @Test("Lesser work does not spoil the tightest slack on board")
    func slack() throws {
        var machine = try Self.machine()
        _ = try machine.arrive(1, class: 0, due: 10, at: 0)
        for id in 2...40 { _ = try machine.arrive(UInt64(id), class: 1, due: 900, at: 0) }
        // Half of the tightest deadline, 10 ms, allows three rows: 4.2 ms. Request 1 alone would
        // afford seven.
        let effects = try machine.complete(0, at: 1)
        #expect(effects == [.launched(0, [1, 2, 3])])
        // At 5.8 it affords three still, at 6 only two.
        var late = try Self.machine()
        _ = try late.arrive(1, class: 0, due: 10, at: 0)
        for id in 2...40 { _ = try late.arrive(UInt64(id), class: 1, due: 900, at: 0) }
        let short = try late.complete(0, at: 6)
        #expect(short == [.launched(0, [1, 2])])
    }

    @Test("I9: work that has waited half its time keeps its share of a batch")
    func floorShare() throws {
        let configuration = SchedulerConfiguration.byHand(classes: Self.classes, maxBatchRows: 16)
        var machine = try CheckedScheduler(configuration)
        _ = try machine.arrive(100, class: 1, due: nil, at: 0)
        for id in 1...5 { _ = try machine.arrive(UInt64(id), class: 1, due: 100, at: 0) }
        for id in 10...30 { _ = try machine.arrive(UInt64(id), class: 0, due: 95, at: 20) }
        let young = try machine.complete(0, at: 21)
        #expect(young == [.launched(0, Array(10...25))], "nothing is old yet")
        for id in 40...60 { _ = try machine.arrive(UInt64(id), class: 0, due: 96, at: 51) }
        // A quarter of the 16 rows that a batch may have.
        let old = try machine.complete(0, at: 52)
        let high: [UInt64] = Array(26...30) + Array(40...46)
        #expect(old == [.launched(0, high + [1, 2, 3, 4])])
    }

    @Test("I9: the share is room in a batch, not a longer one: a full class 0 batch has none")
    func floorShareWithoutRoom() throws {
        var machine = try Self.machine()
        _ = try machine.arrive(1, class: 1, due: 100, at: 0)
        for id in 10...40 { _ = try machine.arrive(UInt64(id), class: 0, due: 100, at: 60) }
        let effects = try machine.complete(0, at: 61)
        // 31 rows of the high class are more than the 18 that lesser work may prolong.
        #expect(effects == [.launched(0, Array(10...40))])
    }

    @Test("An overloaded lesser class is served from its newest end")
    func newestFirst() throws {
        var machine = try Self.machine()
        for id in 1...5 { _ = try machine.arrive(UInt64(id), class: 1, due: 1, at: 0) }
        for id in 10...30 {
            _ = try machine.arrive(UInt64(id), class: 1, due: 10 + Double(id), at: 0)
        }
        let effects = try machine.complete(0, at: 5)
        // Of the requests due at 20, 21, ... 40 ms the largest batch in time for all its members,
        // from the end: 17 rows take 18.9 ms, and the 17th from the end is due at 24.
        #expect(effects == [.launched(0, Array(14...30))])
    }

    @Test("An overloaded most important class is served in order all the same")
    func highStaysInOrder() throws {
        var machine = try Self.machine()
        for id in 1...5 { _ = try machine.arrive(UInt64(id), class: 0, due: 1, at: 0) }
        for id in 10...14 { _ = try machine.arrive(UInt64(id), class: 0, due: 30, at: 0) }
        let effects = try machine.complete(0, at: 5)
        #expect(effects == [.launched(0, Array(10...14))])
    }
}
