package import ControlCore
package import ServingModel

/// The machine that decides, step by step, which requests for generated text run on one device.
///
/// A value without clock, lock, randomness or I/O, driven like ``Scheduler``.
package struct GenerationScheduler: ~Copyable {
    /// What the scheduler was built with.
    package let configuration: GenerationConfiguration

    /// What a step needs, as learnt so far.
    package internal(set) var cost: StepCostModel

    /// A scheduler without requests, whose device is absent until it reports ready.
    package init(_ configuration: GenerationConfiguration) {
        if let problem = configuration.problem { preconditionFailure(problem.description) }
        self.configuration = configuration
        cost = configuration.cost
    }

    /// Takes one event that happened at `now` and appends what to do about it. `now` must not run
    /// backwards.
    package mutating func handle(
        _ event: GenerationEvent, at now: Instant, into actions: inout GenerationActions
    ) {
    }

    /// When a waiting request's first token becomes hopeless, unless something happens before; the shell
    /// arms one timer for it. `nil` while no waiting request has a deadline.
    package var nextWakeup: Instant? { nil }

    /// Requests that wait for a slot, those pre-empted included.
    package var waiting: Int { 0 }

    /// Requests that hold a slot.
    package var running: Int { 0 }

    /// Prompt tokens that wait to be fed.
    package var queuedTokens: Int { 0 }

    /// Tokens whose keys and values are held, by running requests and by the cache.
    package var keyValueTokens: Int { 0 }

    /// Tokens that the cache holds, whether a request uses them or not.
    package var cachedTokens: Int { 0 }

    /// Traps when an invariant does not hold.
    package func checkInvariants() {}
}
