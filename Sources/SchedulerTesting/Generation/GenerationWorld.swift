package import ControlCore
package import SchedulerCore
package import ServingModel
package import Simulator
package import TraceFormat

/// Everything that determines a run of a ``GenerationScheduler`` against a made-up engine.
///
/// The first part of a run is unfriendly: steps fail, the engine finds no room, the device goes and comes,
/// clients give up. Then the faults stop, and everything must come to its end within a bound.
package struct GenerationWorld: Sendable {
    /// What the scheduler is told at construction.
    package var configuration: GenerationConfiguration
    /// What a step really costs, in milliseconds.
    package var truth: StepCostModel
    /// Who comes when, in order of time; how many tokens each really produces.
    package var arrivals: [(at: Instant, arrival: GenerationArrival, produces: Int)]
    /// Probability of a failed step, a step without room, a lost device, and a client that gives up.
    package var failures = 0.0
    package var shortages = 0.0
    package var losses = 0.0
    package var cancellations = 0.0
    /// Probability that what somebody holds of a request is lost: of a rider of a step, and of anybody.
    package var lapses = 0.0
    /// Tokens for which the engine really has room, if fewer than it promised.
    package var engineRoom = Int.max
    /// Whether requests that finish leave their answers in the cache.
    package var namesAnswers = false
    /// Whether no further arrivals are accepted after half of them.
    package var drains = false
    /// Deviation of a step's duration, relative.
    package var noise = 0.0
    /// Source of the engine's faults.
    package var random: Seeded

    /// Makes a world without faults.
    package init(
        _ configuration: GenerationConfiguration, truth: StepCostModel,
        _ arrivals: [(at: Instant, arrival: GenerationArrival, produces: Int)], _ random: Seeded
    ) {
        self.configuration = configuration
        self.truth = truth
        self.arrivals = arrivals
        self.random = random
    }

    /// How a run went.
    package struct Outcome: Sendable {
        package var hash = StableHash()
        package var steps = 0
        package var finished = 0
        package var rejected = 0
        /// Steps for which the engine had no room.
        package var shortages = 0
        package var preempted = 0
        package var swapped = 0
        package var reusedTokens = 0
        package var end = Instant.origin

        /// Nothing has happened.
        package init() {}
    }

    /// Names of all that a request has but the last `unproduced` tokens: its own number where its prompt's
    /// blocks have no name.
    func chain(of id: RequestID, unproduced: Int) -> PrefixChain? {
        guard let coming = arrivals.first(where: { $0.arrival.id == id }) else { return nil }
        let tokens = coming.arrival.promptTokens + coming.produces - unproduced
        let known = coming.arrival.prefix.blocks
        return PrefixChain(
            (0..<max(tokens / configuration.blockTokens, known.count)).map {
                $0 < known.count ? known[$0] : ~id.rawValue
            })
    }

    /// Runs it to its end, every action and the scheduler's own books verified on the way.
    package func run() throws -> Outcome {
        var run = GenerationRun(self)
        try run.run()
        return run.outcome
    }
}
