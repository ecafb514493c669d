internal import SchedulerCore
internal import SchedulerTesting
internal import ServingModel
internal import Simulator
internal import Testing

/// Each world runs with every action checked against the contents of an engine, cell by cell, and with the
/// scheduler's own invariants N1-N5 checked after every event.
@Suite("Properties of random text generation", .tags(.property, .simulation))
struct GenerationPropertyTests {
    static let policies: [GenerationPolicy] = [
        .slackAware, .vllmV0, .vllmFCFS, .vllmPriority, .sarathi(chunk: 512), .sarathi(chunk: 1),
        .orca, .staticBatch(size: 3),
    ]

    @Test(
        "Under every policy no action is illegal, every request ends once, and memory comes back",
        arguments: policies)
    func contract(policy: GenerationPolicy) throws {
        try forEachSeed(count: 40) { random in
            let world = GenerationSwarm(random).world(requests: 60, policy)
            _ = try world.run()
        }
    }

    @Test(
        "An engine with less room than it promised serves whoever fits alone, and a few failures teach its room",
        arguments: policies)
    func lessRoom(policy: GenerationPolicy) throws {
        try forEachSeed(count: 40) { random in
            let world = GenerationSwarm(random).crampedWorld(requests: 60, policy)
            let outcome = try world.run()
            try require(
                outcome.finished == world.arrivals.count,
                "\(outcome.rejected) of \(world.arrivals.count) requests were given up")
            // Each failure at first halves what is not known of 20,000 tokens, down to a block; a further one
            // needs twice as many steps as the one before.
            try require(
                outcome.shortages <= 16,
                "\(outcome.shortages) of \(outcome.steps) steps had no room")
        }
    }

    @Test("Equal inputs give equal actions")
    func determinism() throws {
        try forEachSeed(count: 30) { random in
            let first = try GenerationSwarm(random).world(requests: 80).run()
            let second = try GenerationSwarm(random).world(requests: 80).run()
            try require(first.hash == second.hash, "two runs differ")
        }
    }

    @Test("The worlds pre-empt, swap, reuse and reject: the properties speak of something")
    func coverage() throws {
        var sum = GenerationWorld.Outcome()
        for seed in 1...60 {
            let outcome = try GenerationSwarm(Seeded(UInt64(seed)))
                .world(requests: 80, .slackAware).run()
            sum.preempted += outcome.preempted
            sum.swapped += outcome.swapped
            sum.reusedTokens += outcome.reusedTokens
            sum.rejected += outcome.rejected
            sum.finished += outcome.finished
        }
        #expect(sum.preempted > 50, "\(sum)")
        #expect(sum.swapped > 2, "\(sum)")
        #expect(sum.reusedTokens > 500, "\(sum)")
        #expect(sum.rejected > 250, "\(sum)")
        #expect(sum.finished > 500, "\(sum)")
    }
}
