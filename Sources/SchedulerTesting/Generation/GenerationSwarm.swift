internal import ControlCore
package import SchedulerCore
internal import ServingModel
package import Simulator

/// Random worlds of text generation: each draws first which features it has at all, as ``Swarm`` does.
package struct GenerationSwarm: Sendable {
    private let random: Seeded

    /// Worlds drawn from `random`.
    package init(_ random: Seeded) {
        self.random = random
    }

    /// A world of about `requests` requests, under a given policy or one that is drawn.
    package func world(requests: Int, _ policy: GenerationPolicy? = nil) -> GenerationWorld {
        var draw = random.split("generation")
        let scale = draw.pick(0.01, 1, 1, 30)
        let truth = StepCostModel(
            base: scale * draw.uniform(0, 8), perToken: scale * draw.uniform(0.01, 0.3),
            perKeyValueToken: scale * draw.pick(0, 4e-5, 1e-2))
        var configuration = configuration(truth, &draw)
        configuration.policy = policy ?? self.policy(&draw)
        var world = GenerationWorld(
            configuration, truth: truth, arrivals(requests, configuration, truth),
            random.split("engine"))
        world.noise = draw.pick(0, 0.02, 0.3)
        world.failures = draw.pick(0, 0, 0.02, 0.3)
        world.shortages = draw.pick(0, 0, 0.02, 0.3)
        world.losses = draw.pick(0, 0, 0.02)
        world.cancellations = draw.pick(0, 0, 0.05, 0.5)
        world.drains = draw.chance(0.1)
        var lapses = random.split("lapses")
        world.lapses = lapses.pick(0, 0, 0.02, 0.2)
        converse(in: &world)
        return world
    }

    /// Makes some requests the next turns of others: their prompts are what those had and got, and a little
    /// more.
    private func converse(in world: inout GenerationWorld) {
        var draw = random.split("turns")
        world.namesAnswers = draw.chance(0.5)
        guard world.namesAnswers else { return }
        for index in world.arrivals.indices.dropFirst() where draw.chance(0.3) {
            let before = world.arrivals[draw.integer(in: max(index - 10, 0)...index - 1)]
            let arrival = world.arrivals[index].arrival
            let tokens =
                before.arrival.promptTokens + before.produces + draw.integer(in: 1...8)
            guard tokens + arrival.maxNewTokens <= world.configuration.maxContext,
                let answered = world.chain(of: before.arrival.id, unproduced: 0)
            else { continue }
            world.arrivals[index].arrival.promptTokens = tokens
            world.arrivals[index].arrival.prefix = PrefixChain(
                (0..<tokens / world.configuration.blockTokens).map {
                    $0 < answered.blocks.count ? answered.blocks[$0] : ~arrival.id.rawValue
                })
        }
    }

    /// A world without other faults, whose engine has less room than it promised: enough for each request alone.
    package func crampedWorld(requests: Int, _ policy: GenerationPolicy) -> GenerationWorld {
        var draw = random.split("cramped")
        var world = world(requests: requests, policy)
        world.configuration.keyValueTokens = draw.pick(2_000, 20_000)
        world.configuration.maxContext = 1_000
        world.configuration.maxQueuedRequests = 4_096
        world.configuration.maxQueuedTokens = 1 << 20
        // What an engine keeps for a sequence that it swaps out is another matter.
        world.configuration.swap = nil
        world.failures = 0
        world.shortages = 0
        world.losses = 0
        world.lapses = 0
        world.cancellations = 0
        world.drains = false
        var largest = 1
        for index in world.arrivals.indices {
            world.arrivals[index].at = .origin
            world.arrivals[index].arrival.firstTokenDeadline = .distantFuture
            let arrival = world.arrivals[index].arrival
            largest = max(largest, arrival.promptTokens + arrival.maxNewTokens - 1)
        }
        world.engineRoom = largest * draw.pick(1, 1, 2, 5) + draw.integer(in: 0...20)
        return world
    }

    private func policy(_ draw: inout Seeded) -> GenerationPolicy {
        draw.pick(
            .slackAware, .slackAware, .slackAware, .vllmV0, .vllmFCFS, .vllmPriority,
            .sarathi(chunk: draw.pick(1, 16, 512)), .orca,
            .staticBatch(size: draw.pick(1, 3, 32)))
    }

    private func configuration(
        _ truth: StepCostModel, _ draw: inout Seeded
    ) -> GenerationConfiguration {
        let classes = (0..<draw.integer(in: 1...3)).map { index in
            PriorityClass(
                name: "class \(index)", weight: 16 >> (2 * index), floorShare: 0,
                defaultDeadline: .milliseconds(500))
        }
        let error = draw.pick(1, 1, 0.3, 3)
        var configuration = GenerationConfiguration(
            classes: classes, slots: draw.pick(1, 2, 4, 8, 32),
            cacheSlots: draw.pick(0, 1, 2, 5, 16),
            keyValueTokens: draw.pick(40, 80, 200, 1_000), maxContext: draw.pick(30, 100, 400),
            cost: StepCostModel(
                base: truth.base * error, perToken: truth.perToken * error,
                perKeyValueToken: truth.perKeyValueToken * error))
        configuration.blockTokens = draw.pick(1, 4, 16)
        configuration.maxStepTokens = draw.pick(32, 64, 300, 8_192)
        configuration.maxQueuedRequests = draw.pick(2, 20, 4_096)
        configuration.maxQueuedTokens = draw.pick(100, 1 << 20)
        configuration.classHeadroom = draw.pick(0, 0.06, 0.3)
        if draw.chance(0.4) {
            configuration.swap = SwapCost(
                base: Interval(milliseconds: truth.perToken * draw.pick(0, 2)),
                perToken: Interval(milliseconds: truth.perToken * draw.pick(0.01, 0.4)),
                maxTokens: draw.pick(30, 10_000))
        }
        if draw.chance(0.3) {
            var fairness = TokenFairness()
            fairness.grain = draw.pick(1, 50, 20_000)
            fairness.maxTenants = draw.pick(2, 3, 256)
            fairness.shares = [TokenFairness.Share(TenantID(1), weight: draw.pick(0.5, 3))]
            configuration.fairness = fairness
        }
        return configuration
    }

    private func arrivals(
        _ count: Int, _ configuration: GenerationConfiguration, _ truth: StepCostModel
    ) -> [(at: Instant, arrival: GenerationArrival, produces: Int)] {
        var draw = random.split("arrivals")
        let unit = truth.mean(tokens: 32, keyValueTokens: 100)
        let gap = unit * draw.pick(0.2, 1, 5)
        let prefixes = draw.pick(0, 1, 3)
        let patience = draw.pick(10.0, 100, 1_000)
        let longest = draw.pick(8, 60, 200)
        var at = Instant.origin
        return (0..<count).map { index in
            if !draw.chance(0.3) { at = at + Interval(milliseconds: draw.exponential(mean: gap)) }
            let prompt = draw.integer(in: 1...draw.pick(4, longest))
            let most = draw.integer(in: 1...draw.pick(3, 30, 90))
            var arrival = GenerationArrival(
                id: RequestID(UInt64(index) + 1),
                priorityClass: ClassIndex(draw.integer(in: 0...3)),
                tenant: TenantID(UInt32(draw.integer(in: 0...4))), promptTokens: prompt,
                maxNewTokens: most,
                perToken: Interval(milliseconds: unit * draw.pick(0.2, 1, 5)))
            if draw.chance(0.8) {
                arrival.firstTokenDeadline =
                    at + Interval(milliseconds: unit * patience * draw.uniform(0, 1))
            }
            if draw.chance(0.5) { arrival.predictedNewTokens = draw.integer(in: 0...most * 2) }
            arrival.prefix = chain(
                prompt / configuration.blockTokens, of: prefixes, index, &draw)
            let produces = draw.chance(0.3) ? most : draw.integer(in: 1...most)
            return (at, arrival, produces)
        }
    }

    /// Blocks of a family of prompts up to a point, then of this prompt alone.
    private func chain(
        _ blocks: Int, of families: Int, _ index: Int, _ draw: inout Seeded
    ) -> PrefixChain {
        guard families > 0, draw.chance(0.9) else { return PrefixChain() }
        let family = draw.integer(in: 1...families)
        let common = draw.integer(in: 0...max(blocks, 0))
        var hash: UInt64 = UInt64(family)
        return PrefixChain(
            (0..<blocks).map { block in
                let own = block < common ? UInt64(family) : UInt64(1_000 + index)
                hash = (hash ^ own) &* 0x9E37_79B9_7F4A_7C15 &+ UInt64(block)
                hash ^= hash >> 29
                return hash
            })
    }
}
