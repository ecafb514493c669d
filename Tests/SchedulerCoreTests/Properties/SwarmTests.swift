internal import SchedulerCore
internal import SchedulerTesting
internal import ServingModel
internal import Simulator
internal import Testing
internal import TraceFormat

/// Each world runs with every action checked against the contract (conservation, no foreign or double
/// ids, batch and queue limits, work conservation, promises in time, rejects neither early nor late)
/// and with the machine's own books checked after every event.
@Suite("Properties of random worlds", .tags(.property, .simulation))
struct SwarmTests {
    @Test("I1-I4, I13: no action is illegal, every request ends once, no instance idles in vain")
    func contract() throws {
        try forEachWorld(count: 120) {
            Swarm($0, drawsOptions: true).world(requests: 120)
        } check: { world in
            let outcome = try world.run().outcome
            try require(outcome.total.ended == outcome.total.arrived, "\(outcome.total)")
        }
    }

    @Test("The machine answers every event as the naive scheduler does")
    func oracle() throws {
        try forEachWorld(count: 120) {
            Swarm($0, drawsOptions: true).world(requests: 100)
        } check: { world in
            try compareWithOracle(try world.run(checks: .none).trace, world.configuration)
        }
    }

    @Test("I15: equal inputs give equal actions")
    func determinism() throws {
        try forEachWorld(count: 30) {
            Swarm($0, drawsOptions: true).world(requests: 100)
        } check: { world in
            let first = try world.run(checks: .none).trace
            let second = try world.run(checks: .none).trace
            try require(first == second, "two runs differ")
            let replayed = Trace(replaying: first.inputs, world.configuration)
            try require(replayed == first, "the replay differs")
            try require(replayed.hash == first.hash, "the hashes differ")
        }
    }

    @Test("I10: what a class sends in a batch stands together in the order of deadlines")
    func contiguous() throws {
        try forEachWorld(count: 60) {
            Swarm($0, drawsOptions: true).world(requests: 120)
        } check: { world in
            try requireContiguous(try world.run(checks: .none).trace, world.configuration)
        }
    }

    /// Follows the queues by hand and refuses a batch that leaves a gap within a class.
    private func requireContiguous(
        _ trace: Trace, _ configuration: SchedulerConfiguration
    ) throws {
        // Shares of tenants skip what is not their turn, and the class may not be the arrival's own.
        let isPlain =
            configuration.tenants == nil && configuration.modalities.isEmpty
            && !configuration.degradesWhenFull && configuration.lengths == nil
            && configuration.score == nil
        guard isPlain else { return }
        var waiting: [Arrival] = []
        let last = configuration.classes.count - 1
        let isUniform = configuration.cheaperVariants.isEmpty
        for step in trace.steps {
            if case .arrived(let arrival) = step.input.event { waiting.append(arrival) }
            for action in step.actions {
                switch action {
                case .reject(let id, _, _), .cancelled(let id): waiting.removeAll { $0.id == id }
                case .launch(let launch):
                    let riders = Set(step.members[launch.members])
                    let first = waiting.first { riders.contains($0.id) }
                    for index in configuration.classes.indices {
                        let queue =
                            waiting
                            .filter {
                                min($0.priorityClass.rawValue, last) == index
                                    && $0.shape == first?.shape
                                    && (isUniform
                                        || $0.allowsCheaperVariant == first?.allowsCheaperVariant)
                            }
                            .sorted { ($0.deadline, $0.id) < ($1.deadline, $1.id) }
                        let taken = queue.indices.filter { riders.contains(queue[$0].id) }
                        guard let from = taken.first, let through = taken.last else { continue }
                        try require(
                            through - from + 1 == taken.count, "a gap: \(step.canonicalText)")
                    }
                    waiting.removeAll { riders.contains($0.id) }
                }
            }
        }
    }
}
