internal import SchedulerCore
internal import SchedulerTesting
internal import ServingModel
internal import Simulator
internal import Testing
internal import TraceFormat

/// Every baseline in random worlds. The checker knows the contract: no duplicate, no foreign id, no
/// batch on a busy instance, right books, no request forgotten beside an idle instance without a timer.
@Suite("Baselines: properties in random worlds", .tags(.property, .simulation))
struct BaselineProperties {
    static let policies: [Policy] = {
        var delayed = TritonSettings(
            preferred: [4, 8], delay: .milliseconds(3), timeouts: [.milliseconds(20)])
        delayed.timeoutAction = .delay
        var limited = TritonSettings(preferred: [4], timeouts: [.milliseconds(9)])
        limited.maxQueue = 5
        limited.priorities = false
        var quickStatic = StaticSettings(batch: 8)
        quickStatic.maxWait = .milliseconds(40)
        var untrained = ClipperSettings()
        untrained.isPretrained = false
        untrained.minimumSamples = 2
        return Policy.names.dropFirst().compactMap { Policy(named: $0) } + [
            .triton(delayed), .triton(limited), .staticBatch(quickStatic), .clipper(untrained),
        ]
    }()

    static func world(_ policy: Policy, _ random: Seeded) -> World {
        var world = Swarm(random).world(requests: 80)
        world.configuration.policy = policy
        return world
    }

    @Test("No action is illegal and every request ends exactly once", arguments: policies)
    func conservation(policy: Policy) throws {
        try forEachWorld(count: 40) {
            Self.world(policy, $0)
        } check: { world in
            let outcome = try world.run().outcome
            try require(outcome.total.ended == outcome.total.arrived, "\(outcome.total)")
        }
    }

    @Test("Equal inputs give equal actions", arguments: policies)
    func determinism(policy: Policy) throws {
        try forEachWorld(count: 10) {
            Self.world(policy, $0)
        } check: { world in
            let first = try world.run(checks: .none).trace
            let second = try world.run(checks: .none).trace
            try require(first == second, "two runs differ")
            let replayed = Trace(replaying: first.inputs, world.configuration)
            try require(replayed == first, "the replay differs")
        }
    }

    @Test("Classes that share a queue are still counted apart")
    func counts() throws {
        let classes = ["high", "low"].map { PriorityClass.forTest($0, deadline: 100) }
        var machine = try CheckedScheduler.under(.greedy(GreedySettings()), classes: classes)
        for id in 0..<6 {
            _ = try machine.arrive(UInt64(id), class: id < 3 ? 0 : 1, due: nil, at: 0)
        }
        let waiting0 = machine.scheduler.queuedRequests(of: ClassIndex(0))
        #expect(waiting0 == 2)
        let waiting1 = machine.scheduler.queuedRequests(of: ClassIndex(1))
        #expect(waiting1 == 3)
    }
}
