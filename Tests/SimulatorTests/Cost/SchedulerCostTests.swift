internal import CAllocationCount
internal import SchedulerCore
internal import Simulator
internal import Testing

/// Counts, never times: how long a decision takes is for the command that measures it.
@Suite("Cost of the scheduler", .serialized)
struct SchedulerCostTests {
    static let isOptimised = !_isDebugAssertConfiguration()

    /// A clock that advances by one at each reading.
    static func measure(waiting: Int, classes: Int) -> SchedulerCost {
        var setting = SchedulerCost.Setting(waiting: waiting)
        setting.batch = 50
        setting.rounds = 20
        setting.classes = classes
        var ticks: UInt64 = 0
        return SchedulerCost.measure(
            setting,
            clock: {
                ticks += 1
                return ticks
            }, allocations: { headway_allocation_count() })
    }

    @Test("Blocks of memory are counted")
    func counter() {
        guard headway_allocations_are_counted() else { return }
        let before = headway_allocation_count()
        var list: [Int] = []
        list.reserveCapacity(1_000)
        withExtendedLifetime(list) {}
        #expect(headway_allocation_count() > before)
    }

    /// Unoptimised code keeps temporaries of its own on the heap, the same few for each event; optimised code
    /// has none, which `headway simulate --cost` shows too.
    @Test(
        "In steady state the number of waiting requests costs no allocation, and optimised code none",
        .enabled(if: headway_allocations_are_counted()), arguments: [1, 3])
    func allocations(classes: Int) throws {
        let few = try #require(Self.measure(waiting: 200, classes: classes).allocations)
        let many = try #require(Self.measure(waiting: 5_000, classes: classes).allocations)
        // 1,000 arrivals and 20 batches of 50.
        #expect(many <= few + few / 10, "\(few) with 200 waiting, \(many) with 5,000")
        #expect(few < 8 * 1_020, "\(few)")
        #expect(few == 0 || !Self.isOptimised, "\(few)")
    }

    @Test("A round is a batch's worth of arrivals and one decision")
    func rounds() {
        let cost = Self.measure(waiting: 100, classes: 1)
        #expect(cost.pickNanoseconds == 1)
        #expect(cost.arriveNanoseconds == 1 / 50.0)
    }
}
