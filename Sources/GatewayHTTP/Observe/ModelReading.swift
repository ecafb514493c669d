internal import GatewayCore
internal import ServingModel
internal import ServingRuntime

/// What a model of either kind had done at one moment, in terms that both share.
struct ModelReading: Sendable {
    /// Counts of one class.
    struct Class: Sendable {
        var inTime: UInt64 = 0
        var late: UInt64 = 0
        var rejected: [RejectReason: UInt64] = [:]
        /// Time to what is promised: the answer, or the first token.
        var latency = LatencyHistogram()
        var queue = LatencyHistogram()
        /// Time between two tokens.
        var betweenTokens = LatencyHistogram()

        /// All that ended or were refused, except by their clients and engines.
        var total: UInt64 { inTime + late + rejected.values.reduce(0, +) }

        /// What came after `earlier`.
        func since(_ earlier: Class) -> Class {
            Class(
                inTime: inTime.since(earlier.inTime), late: late.since(earlier.late),
                rejected: rejected.reduce(into: [:]) { result, entry in
                    let more = entry.value.since(earlier.rejected[entry.key] ?? 0)
                    if more > 0 { result[entry.key] = more }
                }, latency: latency.since(earlier.latency), queue: queue.since(earlier.queue),
                betweenTokens: betweenTokens.since(earlier.betweenTokens))
        }
    }

    var at: Instant
    var classes: [Class]
    /// Batches or steps.
    var runs: UInt64
    /// Rows of all batches, or tokens of all steps.
    var rows: UInt64
    /// Tokens that were generated.
    var tokens: UInt64 = 0
    var preemptions: UInt64 = 0
    var failed: UInt64
    var cancelled: UInt64
    /// By instance.
    var busy: [Interval]
    /// Requests that wait, by class.
    var queued: [Int]

    /// What there was to read before the model did anything, a second ago.
    var beginning: ModelReading {
        var beginning = self
        beginning.at = at - .seconds(1)
        beginning.classes = classes.map { _ in Class() }
        beginning.runs = 0
        beginning.rows = 0
        beginning.tokens = 0
        beginning.preemptions = 0
        beginning.failed = 0
        beginning.cancelled = 0
        beginning.busy = busy.map { _ in .zero }
        beginning.queued = queued.map { _ in 0 }
        return beginning
    }

    /// Reads a live model.
    init(_ model: ReadyModel, at now: Instant) {
        at = now
        switch model {
        case .tensors(let handle):
            let statistics = handle.served.statistics
            classes = statistics.classes.map {
                Class(
                    inTime: $0.inTime, late: $0.late, rejected: $0.rejected, latency: $0.latency,
                    queue: $0.queue)
            }
            runs = statistics.executions
            rows = statistics.inferences
            failed = statistics.failure.count
            cancelled = statistics.cancelled
            busy = statistics.busy
            queued = handle.served.load.queuedByClass
        case .generator(let handle):
            let statistics = handle.generator.statistics
            classes = statistics.classes.map {
                Class(
                    inTime: $0.inTime, late: $0.late, rejected: $0.rejected,
                    latency: $0.firstToken, queue: $0.queue, betweenTokens: $0.betweenTokens)
            }
            runs = statistics.steps
            rows = statistics.stepTokens
            tokens = statistics.generatedTokens
            preemptions = statistics.preemptions
            failed = statistics.failed
            cancelled = statistics.cancelled
            busy = [statistics.stepTime]
            queued = handle.generator.load.waitingByClass
        }
    }
}

/// The readings of one model during the last minute, one each second.
struct ModelHistory: Sendable {
    /// Seconds over which rates and quantiles are taken.
    static let recent = 10
    /// Seconds over which promises are judged.
    static let longest = 60

    /// Oldest first; at least two.
    private(set) var readings: [ModelReading]

    /// Begins with the first reading of a model, whose counters began at zero.
    init(_ first: ModelReading) {
        readings = [first.beginning, first]
    }

    /// Adds a reading; the oldest goes.
    mutating func append(_ reading: ModelReading) {
        // A model that was loaded anew starts over.
        if let last = readings.last,
            last.runs > reading.runs || last.busy.count != reading.busy.count
        {
            self = ModelHistory(reading)
            return
        }
        readings.append(reading)
        if readings.count > Self.longest + 1 { readings.removeFirst() }
    }

    /// The latest reading.
    var now: ModelReading { readings[readings.count - 1] }

    /// The reading of about `seconds` ago, or the oldest.
    func past(_ seconds: Int) -> ModelReading {
        readings[max(readings.count - 1 - seconds, 0)]
    }
}

extension UInt64 {
    /// How much a counter has grown; a model that was loaded anew between two readings began at zero.
    func since(_ earlier: UInt64) -> UInt64 { self > earlier ? self - earlier : 0 }
}
