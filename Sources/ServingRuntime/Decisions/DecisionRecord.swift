package import ServingModel

/// What was decided about one request that has ended, and what came of it: enough to explain why it
/// waited, with whom it ran and which rule acted. A plain value of fixed size.
package struct DecisionRecord: Sendable {
    /// How a request ended.
    package enum Outcome: Sendable, Hashable {
        /// Answered as promised.
        case inTime
        /// Answered, but not as fast as promised.
        case late
        /// Refused by the scheduler.
        case rejected(RejectReason)
        /// Refused before it was read, because its deadline was out of reach.
        case turnedAway
        /// Its client went away.
        case cancelled
        /// The engine failed on it.
        case failed
    }

    /// What ran, if anything did. Kept apart from the record, so that the riders of a batch share it and a
    /// record is little to write.
    package indirect enum Work: Sendable {
        /// Nothing: it was refused or taken back while it waited.
        case none
        /// A batch.
        case batch(BatchRide)
        /// Steps of a generator.
        case generation(GenerationRide)
    }

    /// The request's names.
    package var label: RequestLabel
    /// Position of its class in the server's table.
    package var priorityClass: ClassIndex
    /// How it ended.
    package var outcome: Outcome
    /// Requests that waited when it came.
    package var ahead: Int
    /// Rows, or tokens of the prompt.
    package var size: Int
    /// When it came.
    package var arrival: Instant
    /// When its answer was due; for generated text, the first token.
    package var deadline: Instant
    /// When it ended.
    package var ended: Instant
    /// What ran.
    package var work: Work
    /// How long it waited for its model to be in memory; `nil` where the model was there, and zero where it
    /// was refused at once.
    package var loading: Interval?

    /// A record; see the properties.
    package init(
        label: RequestLabel, priorityClass: ClassIndex, outcome: Outcome, ahead: Int, size: Int,
        arrival: Instant, deadline: Instant, ended: Instant, work: Work, loading: Interval? = nil
    ) {
        self.label = label
        self.priorityClass = priorityClass
        self.outcome = outcome
        self.ahead = ahead
        self.size = size
        self.arrival = arrival
        self.deadline = deadline
        self.ended = ended
        self.work = work
        self.loading = loading
    }

    /// The batch that it rode.
    package var batch: BatchRide? { if case .batch(let ride) = work { ride } else { nil } }

    /// The steps that it rode.
    package var generation: GenerationRide? {
        if case .generation(let ride) = work { ride } else { nil }
    }

    /// Whether it was answered as promised.
    package var isKept: Bool { outcome == .inTime }
}

/// The batch that a request rode.
package struct BatchRide: Sendable, Equatable {
    /// The batch's number, counted from the model's start.
    package var batch: BatchID
    /// Where it ran.
    package var instance: InstanceID
    /// Which rule made it as large as it was.
    package var rule: LaunchRule
    /// Rows of the batch.
    package var rows: Int
    /// Requests of the batch.
    package var requests: Int
    /// Requests that had to stay behind.
    package var leftBehind: Int
    /// When it was decided.
    package var launched: Instant
    /// How long the scheduler expected it to take.
    package var predicted: Interval
    /// From the decision to the engine's start.
    package var assembly: Interval
    /// Inside the engine.
    package var compute: Interval

    /// A ride; see the properties.
    package init(
        batch: BatchID, instance: InstanceID, rule: LaunchRule, rows: Int, requests: Int,
        leftBehind: Int, launched: Instant, predicted: Interval, assembly: Interval,
        compute: Interval
    ) {
        self.batch = batch
        self.instance = instance
        self.rule = rule
        self.rows = rows
        self.requests = requests
        self.leftBehind = leftBehind
        self.launched = launched
        self.predicted = predicted
        self.assembly = assembly
        self.compute = compute
    }
}

/// How a request of a generator went.
package struct GenerationRide: Sendable, Equatable {
    /// When it first rode a step; `nil` if it never did.
    package var started: Instant?
    /// When its first token was there.
    package var firstToken: Instant?
    /// Tokens of the prompt that the prefix cache had.
    package var cachedTokens: Int
    /// Tokens that it got.
    package var generatedTokens: Int
    /// Steps that it rode.
    package var steps: Int
    /// Requests that rode those steps with it, summed over the steps.
    package var companions: Int
    /// Times that it was sent back to the queue because memory ran short.
    package var preemptions: Int
    /// Time promised for each token after the first, on average.
    package var perToken: Interval
    /// How long the scheduler expected a step of one sequence to take when this began.
    package var predictedStep: Interval
    /// Whether a limit, and not the model or a stop string, ended the text.
    package var isCutOff: Bool

    /// A ride; see the properties.
    package init(
        started: Instant?, firstToken: Instant?, cachedTokens: Int, generatedTokens: Int,
        steps: Int, companions: Int, preemptions: Int, perToken: Interval,
        predictedStep: Interval, isCutOff: Bool
    ) {
        self.started = started
        self.firstToken = firstToken
        self.cachedTokens = cachedTokens
        self.generatedTokens = generatedTokens
        self.steps = steps
        self.companions = companions
        self.preemptions = preemptions
        self.perToken = perToken
        self.predictedStep = predictedStep
        self.isCutOff = isCutOff
    }
}
