internal import ServingModel

/// In which order waiting requests are looked at; it decides which queue a request joins, and its place.
enum QueueOrder: Sendable, Equatable {
    /// More important classes first, within a class the earliest deadline: SWB.
    case classThenDeadline
    /// More important classes first, within a class the earliest arrival.
    case classThenArrival
    /// The earliest deadline of all classes.
    case deadline
    /// The earliest arrival of all classes.
    case arrival

    /// Whether requests of all classes wait in one queue.
    var mergesClasses: Bool { self == .deadline || self == .arrival }

    /// Whether places follow arrivals and not deadlines.
    var isByArrival: Bool { self == .arrival || self == .classThenArrival }
}

/// What a baseline wants to happen next in one bucket.
enum BaselineDecision: Sendable, Equatable {
    /// Start a batch of at most so many rows, of those that come first in the order.
    case launch(rows: Int)
    /// Start a batch of at most so many rows, of those that come last in the order.
    case launchNewest(rows: Int)
    /// Start a batch of at most so many rows, parts of which belong to the classes by weight.
    case launchWeighted(rows: Int, weights: [Int])
    /// Give up the first request of a queue; the baseline is asked again.
    case giveUpFirst(queue: Int)
    /// Move the first request of a queue behind all others of it; the baseline is asked again.
    case delayFirst(queue: Int)
    /// Leave everything as it is; look again at that time, or earlier when something happens.
    case wait(until: Instant)
}

/// A batch that has ended, as its policy wants to know it.
struct FinishedBatch: Sendable, Equatable {
    /// Its rows.
    var rows: Int
    /// From its start to its end.
    var took: Interval
    /// From the arrival of its oldest request to its start.
    var waited: Interval
    /// When it ended.
    var end: Instant
}

/// The rule of another server, as far as it decides who rides which batch and when.
///
/// A rule sees the queues, never moves a request, and keeps its own estimates. The machine asks
/// ``decide(_:bucket:hasIdle:at:)`` again after each decision but a `wait`.
protocol BaselinePolicy: Sendable {
    /// In which order requests wait.
    var order: QueueOrder { get }

    /// Whether it wants to be asked after every event, not only when an instance is idle.
    var looksWhileBusy: Bool { get }

    /// Most requests that wait in one queue.
    var queueLimit: Int { get }

    /// What to do with the bucket, in which something waits.
    mutating func decide(
        _ scheduler: borrowing Scheduler, bucket: Int, hasIdle: Bool, at now: Instant
    ) -> BaselineDecision

    /// Learns from a batch that succeeded.
    mutating func observe(_ batch: FinishedBatch)
}

extension BaselinePolicy {
    var looksWhileBusy: Bool { false }
    var queueLimit: Int { .max }
    mutating func observe(_ batch: FinishedBatch) {}
}

extension Policy {
    /// The rule with its estimators in their initial state; `nil` for SWB, which is not a baseline.
    func baseline(_ configuration: SchedulerConfiguration) -> (any BaselinePolicy)? {
        switch self {
        case .slackAware: nil
        case .staticBatch(let settings): StaticPolicy(settings, configuration)
        case .window(let settings): WindowPolicy(settings, configuration)
        case .triton(let settings): TritonPolicy(settings, configuration)
        case .bentoml(let settings): BentoMLPolicy(settings, configuration)
        case .clipper(let settings): ClipperPolicy(settings, configuration)
        case .nexus(let settings): NexusPolicy(settings, configuration)
        case .clockwork(let settings): ClockworkPolicy(settings, configuration)
        case .greedy(let settings): GreedyPolicy(settings, configuration)
        }
    }
}
