internal import SchedulerCore
internal import SchedulerTesting
internal import ServingModel
internal import Simulator
internal import Testing
internal import TraceFormat

/// Which rule a launch names; a batch of `n` takes `1.05 * (1 + n)` ms.
@Suite("Policy: the rule that sized a batch")
struct LaunchRuleTests {
    @Test("A batch that takes all that waited says so")
    func everyone() throws {
        var machine = try CheckedScheduler(.byHand(classes: [.forTest("only", deadline: 80)]))
        _ = try machine.arrive(1, due: 100, at: 0)
        #expect(machine.lastRules == [.everyone])
        _ = try machine.arrive(2, due: 100, at: 0)
        _ = try machine.arrive(3, due: 100, at: 0)
        _ = try machine.complete(0, at: 3)
        #expect(machine.lastRules == [.everyone])
    }

    @Test("A batch that holds what the model takes is full")
    func full() throws {
        var machine = try CheckedScheduler(
            .byHand(classes: [.forTest("only", deadline: 1_000)], maxBatchRows: 4))
        for id in 0..<10 { _ = try machine.arrive(UInt64(id), due: nil, at: 0) }
        _ = try machine.complete(0, at: 3)
        #expect(machine.lastRules == [.full])
    }

    @Test("A short batch that saves the head is a split, one that gives heads up is a crossing")
    func crossing() throws {
        var machine = try CrossingTests.backlog()
        _ = try machine.complete(0, at: 200)
        #expect(machine.lastRules == [.split])
        machine = try CrossingTests.backlog()
        for id in 1...20 {
            _ = try machine.arrive(UInt64(300 + id), due: 250, at: 199)
            _ = try machine.cancel(UInt64(300 + id), at: 199)
        }
        _ = try machine.complete(0, at: 200)
        #expect(machine.lastRules == [.crossing])
    }

    @Test("Each launch of a step has its rule, and a step without a launch has none")
    func eachLaunch() throws {
        var configuration = SchedulerConfiguration.byHand(
            classes: [.forTest("only", deadline: 80)])
        configuration.instances = 2
        var machine = try CheckedScheduler(configuration)
        _ = try machine.arrive(1, due: 100, isFollowed: true, at: 0)
        #expect(machine.lastRules.isEmpty)
        _ = try machine.arrive(2, due: 100, at: 0)
        #expect(machine.lastRules.count == machine.trace.steps.last?.launches)
        #expect(machine.lastRules.last == .everyone)
    }
}

extension Step {
    fileprivate var launches: Int {
        actions.count { if case .launch = $0 { true } else { false } }
    }
}
