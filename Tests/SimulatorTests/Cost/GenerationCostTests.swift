internal import CAllocationCount
internal import ControlCore
internal import SchedulerCore
internal import ServingModel
internal import Testing

/// Counts, never times. Unoptimised code keeps temporaries of its own on the heap, so that there is nothing
/// to count in it.
@Suite("Cost of a step of text generation", .serialized)
struct GenerationCostTests {
    static let isOptimised = !_isDebugAssertConfiguration()
    static let steps = 200

    /// Blocks of memory taken by some steps with all slots busy and so many requests waiting; with each step
    /// one request finishes and one arrives.
    static func allocations(waiting: Int, _ policy: GenerationPolicy) -> Int {
        var configuration = GenerationConfiguration(
            slots: 32, cacheSlots: 16, keyValueTokens: 20_000, maxContext: 2_000,
            cost: StepCostModel(base: 6, perToken: 0.02, perKeyValueToken: 4e-5))
        configuration.policy = policy
        configuration.swap = SwapCost(
            base: .zero, perToken: .microseconds(1), maxTokens: 100_000)
        configuration.fairness = TokenFairness()
        var scheduler = GenerationScheduler(configuration)
        var actions = GenerationActions()
        let chains = (0..<4).map { family in
            PrefixChain((0..<12).map { UInt64(family * 100 + $0) })
        }
        var now = Instant.origin
        var id: UInt64 = 0
        var riders: [RequestID] = []
        riders.reserveCapacity(64)
        func send(_ event: GenerationEvent) {
            actions.removeAll()
            scheduler.handle(event, at: now, into: &actions)
            for case .step(let plan) in actions.actions {
                riders.removeAll(keepingCapacity: true)
                for item in actions.items(of: plan) where item.producesToken {
                    riders.append(item.request)
                }
            }
        }
        func arrive() {
            id += 1
            send(
                .arrived(
                    GenerationArrival(
                        id: RequestID(id), tenant: TenantID(UInt32(id % 5)), promptTokens: 200,
                        maxNewTokens: 1_000, perToken: .milliseconds(40),
                        prefix: chains[Int(id % 4)])))
        }
        func step() {
            now = now + .milliseconds(20)
            if let oldest = riders.min() { send(.finished(oldest)) }
            send(.stepped(.success))
            arrive()
        }
        send(.deviceReady)
        for _ in 0..<waiting + 32 { arrive() }
        for _ in 0..<steps { step() }
        let before = headway_allocation_count()
        for _ in 0..<steps { step() }
        return Int(headway_allocation_count() - before)
    }

    @Test(
        "In steady state optimised code allocates nothing, however many requests wait",
        .enabled(if: isOptimised && headway_allocations_are_counted()),
        arguments: [
            GenerationPolicy.slackAware, .vllmFCFS, .vllmPriority, .sarathi(chunk: 512), .orca,
        ])
    func allocations(policy: GenerationPolicy) {
        #expect(Self.allocations(waiting: 20, policy) == 0)
        #expect(Self.allocations(waiting: 2_000, policy) == 0)
    }
}
