internal import EngineAPI
internal import ServingModel

/// One request on its way through a generator.
///
/// `@unchecked Sendable`: the guard of ``id`` and ``progress`` is the lock of the generator that the
/// request was submitted to; ``transcript`` belongs to the session's thread from submission on.
final class Generation: SlabRequest, @unchecked Sendable {
    /// What was asked for; the prompt is in the transcript.
    let request: GenerationRequest

    /// Tokens of the prompt.
    let promptTokens: Int

    /// Most tokens to generate, the context considered.
    let maxNewTokens: Int

    /// Picks the tokens.
    let sampler: any TokenSampler

    /// Where the text goes.
    let outlet: GenerationOutlet

    /// The scheduler's name for the request.
    var id = RequestID(0)

    /// How far it has come.
    var progress = Progress()

    /// What was said so far.
    var transcript: Transcript

    /// How far a request has come, as the funnel keeps it.
    struct Progress: Sendable {
        var arrival = Instant.origin
        /// Whether it holds a slot.
        var isRunning = false
        /// Whether its client gave up while it rode a step.
        var isCancelled = false
        /// Whether host memory holds its keys and values.
        var isSwappedOut = false
        var cachedTokens = 0
        var generatedTokens = 0
        /// When it first rode a step.
        var started: Instant?
        var firstToken: Instant?
        var lastToken: Instant?
        /// Requests that waited when it came.
        var ahead = 0
        /// Steps that it rode, and requests that rode them with it, summed over the steps.
        var steps = 0
        var companions = 0
        /// Times that it was sent back to the queue because memory ran short.
        var preemptions = 0
        /// How long the scheduler expected a step of one sequence to take when this began.
        var predictedStep = Interval.zero
        /// Why the scheduler refused it, if it did.
        var rejection: RejectReason?
    }

    init(
        _ request: consuming GenerationRequest, maxNewTokens: Int, sampler: any TokenSampler,
        outlet: GenerationOutlet
    ) {
        var request = request
        let prompt = request.prompt
        request.prompt = []
        promptTokens = prompt.count
        transcript = Transcript(prompt: prompt, stops: request.stops)
        self.request = request
        self.maxNewTokens = maxNewTokens
        self.sampler = sampler
        self.outlet = outlet
    }

    /// The last word to the reader.
    func end(_ ending: Ending, at now: Instant) -> GenerationEnd {
        let arrival = progress.arrival
        return GenerationEnd(
            reason: ending.reason,
            matchedStop: ending.matchedStop.map { request.stops[$0] },
            usage: GenerationEnd.Usage(
                promptTokens: promptTokens, generatedTokens: progress.generatedTokens,
                cachedTokens: progress.cachedTokens),
            timing: GenerationEnd.Timing(
                queued: progress.started.map(arrival.interval(to:)),
                firstToken: progress.firstToken.map(arrival.interval(to:)),
                total: arrival.interval(to: now)))
    }

    /// Whether both promises were kept by an answer that ends at `now`.
    func isInTime(at now: Instant) -> Bool {
        guard let first = progress.firstToken else { return false }
        let further = UInt64(max(progress.generatedTokens - 1, 0))
        return first <= request.firstTokenDeadline
            && first.interval(to: now) <= request.perToken * further
    }
}

/// Why a generation ends.
struct Ending: Sendable, Equatable {
    var reason: GenerationEnd.Reason
    /// Position of the stop string that ended it.
    var matchedStop: Int?
}
