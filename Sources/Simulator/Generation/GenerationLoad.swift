internal import SchedulerCore
internal import ServingModel

/// The requests for text of a scenario, in order of time and drawn lazily.
///
/// Moments, classes, lengths of prompts and clients that give up are those of ``ScenarioLoad``; lengths of
/// answers, predictions and prefixes have random streams of their own.
package struct GenerationLoad: Sequence, IteratorProtocol, Sendable {
    private let classes: [ScenarioClass]
    private let maxNewTokens: Int
    private let predictionError: Double?
    private var load: ScenarioLoad
    private var outputs: SizeDraw
    private var predictions: Seeded
    private var chains: PrefixDraw

    /// The load of a scenario that generates text.
    package init(_ scenario: Scenario, _ plan: GenerationPlan, _ random: Seeded) {
        self.init(scenario, plan, scenario.arrivals, random)
    }

    /// The same with other arrivals, such as those at another rate.
    init(
        _ scenario: Scenario, _ plan: GenerationPlan, _ arrivals: ArrivalPlan, _ random: Seeded
    ) {
        classes = scenario.classes
        predictionError = plan.predictionError
        load = ScenarioLoad(
            arrivals, classes: scenario.classes, faults: scenario.faults,
            seconds: scenario.durationSeconds, maxRequests: scenario.maxRequests, random)
        outputs = SizeDraw(arrivals.outputs, random.split("outputs"))
        predictions = random.split("predictions")
        chains = PrefixDraw(arrivals, blockTokens: plan.blockTokens, random.split("prefixes"))
        maxNewTokens = arrivals.longestOutput
    }

    /// The next thing that happens, or `nil` after the end.
    package mutating func next() -> GenerationStimulus? {
        while let stimulus = load.next() {
            switch stimulus.kind {
            case .arrive(let arrival): return arrive(arrival, at: stimulus.at)
            case .cancel(let id): return GenerationStimulus(at: stimulus.at, .cancel(id))
            case .lose: return GenerationStimulus(at: stimulus.at, .lose)
            case .restore: return GenerationStimulus(at: stimulus.at, .restore)
            case .drain: return GenerationStimulus(at: stimulus.at, .drain)
            case .probe, .limit, .limitQueue, .prefer, .variant, .hold: continue
            }
        }
        return nil
    }

    private mutating func arrive(_ arrival: Arrival, at now: Instant) -> GenerationStimulus {
        let record = load.lastRecord
        let newTokens = Swift.max(record?.outputTokens ?? outputs.next(), 1)
        let promptTokens = Swift.max(arrival.length, 1)
        let entry = classes[arrival.priorityClass.rawValue]
        let request = GenerationArrival(
            id: arrival.id, priorityClass: arrival.priorityClass, tenant: arrival.tenant,
            promptTokens: promptTokens, maxNewTokens: maxNewTokens,
            firstTokenDeadline: arrival.deadline,
            perToken: Interval(milliseconds: entry.perTokenMilliseconds),
            predictedNewTokens: predict(newTokens),
            prefix: chains.next(record, promptTokens: promptTokens, of: arrival.id))
        return GenerationStimulus(at: now, .arrive(request, newTokens: newTokens))
    }

    private mutating func predict(_ newTokens: Int) -> Int? {
        guard let predictionError else { return nil }
        let factor = predictions.logNormal(median: 1, sigma: predictionError)
        return Swift.min(Swift.max(Int(Double(newTokens) * factor), 1), maxNewTokens)
    }
}

extension ArrivalPlan {
    /// Tokens of the longest answer that can come: what every request asks for at most.
    var longestOutput: Int {
        if case .trace(let plan) = process,
            let longest = plan.records.compactMap(\.outputTokens).max()
        {
            return max(longest, 1)
        }
        return max(outputs.largest, 1)
    }
}

extension SizePlan {
    /// The largest size that can be drawn.
    package var largest: Int {
        switch self {
        case .fixed(let size): size
        case .uniform(let range): range.upperBound
        case .logNormal(_, _, let range): range.upperBound
        case .choice(let sizes): sizes.map(\.size).max() ?? 1
        }
    }
}
