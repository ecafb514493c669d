internal import EngineAPI
internal import SchedulerCore
internal import ServingModel

/// What the session's thread is to do next: chores in order, then a step.
struct GenerationTurn: Sendable {
    var chores: [SessionChore]
    var step: GenerationStep
}

/// A move of keys and values that a session makes between two steps.
enum SessionChore: Sendable, Equatable {
    /// Empty a slot, of requests or of the cache.
    case release(SlotID)
    /// Let one slot hold the first tokens of another too.
    case share(SlotID, with: SlotID, tokens: Int)
    /// Save what a slot holds in host memory and empty it.
    case swapOut(RequestID, SlotID)
    /// Put what was saved into an empty slot.
    case swapIn(RequestID, SlotID)
    /// Drop what was saved of a request that has ended.
    case forget(RequestID)

    /// Whether it concerns host memory alone.
    var isOfHost: Bool {
        if case .forget = self { true } else { false }
    }
}

/// One step, ready to be run.
struct GenerationStep: Sendable {
    /// The part of one request.
    struct Rider: Sendable {
        var generation: Generation
        var item: StepItem
    }

    var plan: StepPlan
    var riders: [Rider]
    var launched: Instant
}

/// What one step came to.
struct StepOutcome: Sendable {
    /// What one request got out of a step.
    struct Advance: Sendable {
        var generation: Generation
        /// Whether a token was sampled for it.
        var hasToken: Bool
        var update: GenerationUpdate
        var ending: Ending?
    }

    var result: StepResult
    /// Requests that got a token, or that failed.
    var advances: [Advance]
    /// Requests whose keys and values the engine could not bring back; nothing was fed.
    var forgotten: [Generation] = []
    /// Why the step, or a part of it, failed.
    var failure: EngineError?
    /// Whether the session is not to be used again.
    var isSessionLost = false
}
