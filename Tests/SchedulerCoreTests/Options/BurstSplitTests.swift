internal import SchedulerCore
internal import SchedulerTesting
internal import ServingModel
internal import Simulator
internal import Testing

/// What young overload changes; a batch of `n` takes `1.05 (1 + n)` ms.
@Suite("Options: shorter batches at the onset of a burst")
struct BurstSplitTests {
    /// One busy instance; forty requests due every half millisecond from 215 on, and more traffic than
    /// any batch keeps up with.
    static func onset(_ split: BurstSplit?) throws -> CheckedScheduler {
        var configuration = SchedulerConfiguration.byHand(
            classes: [.forTest("only", deadline: 80)])
        configuration.burstSplit = split
        var machine = try CheckedScheduler(configuration)
        _ = try machine.arrive(100, due: nil, at: 0)
        for id in 1...40 {
            _ = try machine.arrive(UInt64(id), due: 214.5 + 0.5 * Double(id), at: 198)
        }
        for id in 301...400 as ClosedRange<UInt64> {
            _ = try machine.arrive(id, due: 250, at: 199)
            _ = try machine.cancel(id, at: 199)
        }
        return machine
    }

    @Test("Without the option the heads are given up for the largest batch in time")
    func crosses() throws {
        var machine = try Self.onset(nil)
        // 21 end at 223.1: the eighteenth is due at 223.5, and 22 would leave 21 in time.
        let effects = try machine.complete(0, at: 200)
        #expect(effects == [.launched(0, Array(18...38))])
    }

    @Test("While overload is young, a batch that saves the head runs when it is efficient")
    func splits() throws {
        var machine = try Self.onset(BurstSplit())
        // 13 end at 214.7, before the head's 215; 14 would end at 215.75.
        let effects = try machine.complete(0, at: 200)
        #expect(effects == [.launched(0, Array(1...13))])
    }

    @Test("A batch that saves the head and wastes the device does not run")
    func wasteful() throws {
        var split = BurstSplit()
        // 13 have 0.928 of the throughput of an endless batch, and the largest useful one 0.958.
        split.minEfficiency = 0.98
        var machine = try Self.onset(split)
        let effects = try machine.complete(0, at: 200)
        #expect(effects == [.launched(0, Array(18...38))])
    }

    @Test("Overload that has cost requests already is young no more")
    func old() throws {
        var machine = try Self.onset(BurstSplit())
        for id in 401...440 as ClosedRange<UInt64> {
            let effects = try machine.arrive(id, due: 199.5, at: 199)
            #expect(effects.count == 1, "\(effects)")
        }
        let effects = try machine.complete(0, at: 200)
        #expect(effects == [.launched(0, Array(18...38))])
    }
}
