internal import SchedulerCore
internal import SchedulerTesting
internal import ServingModel
internal import Simulator
internal import Testing

/// How many are given up when a head cannot be saved; a batch of `n` takes `1.05 * (1 + n)` ms.
@Suite("Policy: crossing no further than needed")
struct CrossingTests {
    /// One busy instance; ten requests that came long ago and are due one millisecond after the other.
    static func backlog() throws -> CheckedScheduler {
        var configuration = SchedulerConfiguration.byHand(
            classes: [.forTest("only", deadline: 80)])
        configuration.rateTimeConstant = .milliseconds(1_000)
        var machine = try CheckedScheduler(configuration)
        _ = try machine.arrive(100, due: nil, at: 0)
        // A burst that the long memory still believes in when it is long over.
        _ = try machine.arrive(101, due: nil, rows: 1_000, at: 0)
        _ = try machine.cancel(101, at: 0)
        for id in 1...10 {
            _ = try machine.arrive(UInt64(id), due: 202 + Double(id), at: 0)
        }
        return machine
    }

    @Test("When hardly anything comes any more, the head is saved although the rest suffers")
    func afterTheBurst() throws {
        var machine = try Self.backlog()
        let effects = try machine.complete(0, at: 200)
        #expect(effects == [.launched(0, [1])])
    }

    @Test("While more comes than any batch can take, the largest batch in time runs")
    func duringTheBurst() throws {
        var machine = try Self.backlog()
        for id in 1...20 {
            _ = try machine.arrive(UInt64(300 + id), due: 250, at: 199)
            _ = try machine.cancel(UInt64(300 + id), at: 199)
        }
        // Five end at 206.3: 5 to 10 are due later; the others are given up by and by.
        let effects = try machine.complete(0, at: 200)
        #expect(effects == [.launched(0, [5, 6, 7, 8, 9])])
    }
}
