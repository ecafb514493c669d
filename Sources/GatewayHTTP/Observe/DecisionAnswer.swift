internal import Foundation
internal import GatewayCore
internal import ServingModel
internal import ServingRuntime

/// `GET /headway/v1/decisions/{request id}`: what was decided about a request that has ended.
struct DecisionAnswer: Encodable {
    /// Most companions that are named.
    static let mostCompanions = 32

    struct Batch: Encodable {
        var number: UInt64
        var instance: Int
        var rows: Int
        var requests: Int
        var leftBehind: Int
        var predictedMs: Double
        var actualMs: Double
        var assemblyMs: Double
        var computeMs: Double
        /// Names of requests that rode with it, as far as they are remembered.
        var companions: [String]
    }

    struct Generation: Encodable {
        var promptTokens: Int
        var cachedTokens: Int
        var generatedTokens: Int
        var steps: Int
        var meanCompanions: Double
        var preemptions: Int
        var prefillMs: Double?
        var firstTokenMs: Double?
        var perTokenMs: Double?
        var promisedPerTokenMs: Double?
        var predictedStepMs: Double
        var isCutOff: Bool
    }

    struct Decision: Encodable {
        var model: String
        var version: Int
        var `class`: String
        var outcome: String
        /// What acted: a rule of batching, or the reason for a refusal.
        var rule: String?
        var arrivedAt: String
        /// From arrival to the deadline; nothing for a request without one.
        var deadlineMs: Double?
        var queuedMs: Double
        /// Part of that in which the model was brought into memory; nothing where it was there.
        var loadingMs: Double?
        var totalMs: Double
        /// From the answer, or the first token, to the deadline; negative when it was late.
        var slackMs: Double?
        var waitingAtArrival: Int
        var rows: Int?
        var traceId: String?
        var batch: Batch?
        var generation: Generation?
        var explanation: [String]
    }

    var requestId: String
    var decisions: [Decision]

    /// What the models of `catalog` remember of requests of that name, the latest first.
    ///
    /// - Throws: ``ServingError`` `notFound` when none does.
    init(_ name: String, _ catalog: ModelCatalog, at now: Instant) throws(ServingError) {
        requestId = name
        let found = catalog.serving.flatMap { model in
            model.decisions.find(name).map { (model: model, record: $0) }
        }
        guard !found.isEmpty else {
            throw ServingError(
                .notFound,
                "nothing is remembered about request '\(name)': it has not ended, was malformed, or is "
                    + "too long ago (observability.decision_records)")
        }
        decisions = found.sorted { $0.record.ended > $1.record.ended }.map {
            Decision($0.record, of: $0.model, at: now)
        }
    }
}

extension DecisionAnswer.Decision {
    init(_ record: DecisionRecord, of model: ReadyModel, at now: Instant) {
        let classes = model.classes
        self.model = model.name
        version = model.version
        `class` = classes[min(record.priorityClass.rawValue, classes.count - 1)].name
        outcome = record.outcome.name
        rule = record.rule
        arrivedAt = Self.wallClock(record.arrival, at: now)
        let started = record.batch?.launched ?? record.generation?.started ?? record.ended
        queuedMs = record.arrival.interval(to: started).milliseconds
        loadingMs = record.loading?.milliseconds
        totalMs = record.arrival.interval(to: record.ended).milliseconds
        if record.deadline != .distantFuture {
            let delivered = record.generation?.firstToken ?? record.ended
            deadlineMs = record.arrival.interval(to: record.deadline).milliseconds
            slackMs =
                delivered.interval(to: record.deadline).milliseconds
                - record.deadline.interval(to: delivered).milliseconds
        }
        waitingAtArrival = record.ahead
        rows = record.generation == nil && record.size > 0 ? record.size : nil
        traceId = record.label.trace?.traceID
        batch = record.batch.map {
            DecisionAnswer.Batch(
                $0, ended: record.ended,
                companions: Self.companions(of: record, $0, in: model.decisions))
        }
        generation = record.generation.map { DecisionAnswer.Generation($0, record) }
        explanation = DecisionStory(record, classes: classes).sentences
    }

    private static func companions(
        of record: DecisionRecord, _ ride: BatchRide, in log: DecisionLog
    ) -> [String] {
        guard ride.requests > 1 else { return [] }
        return log.riders(of: ride.batch).filter { $0.label != record.label }
            .prefix(DecisionAnswer.mostCompanions).map { "\($0.label.name)" }
    }

    /// A monotonic instant on the wall clock.
    private static func wallClock(_ instant: Instant, at now: Instant) -> String {
        let date = Date(timeIntervalSinceNow: -instant.interval(to: now).seconds)
        return date.formatted(Date.ISO8601FormatStyle(includingFractionalSeconds: true))
    }
}

extension DecisionAnswer.Batch {
    init(_ ride: BatchRide, ended: Instant, companions: [String]) {
        self.init(
            number: ride.batch.rawValue, instance: ride.instance.rawValue, rows: ride.rows,
            requests: ride.requests, leftBehind: ride.leftBehind,
            predictedMs: ride.predicted.milliseconds,
            actualMs: ride.launched.interval(to: ended).milliseconds,
            assemblyMs: ride.assembly.milliseconds, computeMs: ride.compute.milliseconds,
            companions: companions)
    }
}

extension DecisionAnswer.Generation {
    init(_ ride: GenerationRide, _ record: DecisionRecord) {
        let further = UInt64(max(ride.generatedTokens - 1, 0))
        self.init(
            promptTokens: record.size, cachedTokens: ride.cachedTokens,
            generatedTokens: ride.generatedTokens, steps: ride.steps,
            meanCompanions: Double(ride.companions) / Double(max(ride.steps, 1)),
            preemptions: ride.preemptions,
            prefillMs: ride.started.flatMap { started in
                ride.firstToken.map { started.interval(to: $0).milliseconds }
            },
            firstTokenMs: ride.firstToken.map { record.arrival.interval(to: $0).milliseconds },
            perTokenMs: ride.firstToken.flatMap {
                further > 0 ? ($0.interval(to: record.ended) / further).milliseconds : nil
            },
            promisedPerTokenMs: ride.perToken == .never ? nil : ride.perToken.milliseconds,
            predictedStepMs: ride.predictedStep.milliseconds, isCutOff: ride.isCutOff)
    }
}

extension DecisionRecord {
    /// What acted on the request, in the words of metrics and documentation.
    var rule: String? {
        switch outcome {
        case .rejected(let reason): reason.rawValue
        case .turnedAway: RejectReason.deadlineUnreachable.rawValue
        case .inTime, .late, .failed, .cancelled: batch?.rule.rawValue
        }
    }
}

extension DecisionRecord.Outcome {
    /// The outcome's name on the wire.
    var name: String {
        switch self {
        case .inTime: "in_time"
        case .late: "late"
        case .rejected, .turnedAway: "rejected"
        case .cancelled: "cancelled"
        case .failed: "failed"
        }
    }
}
