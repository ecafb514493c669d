internal import SchedulerCore

extension TritonSettings.TimeoutAction: TextValue {}

extension StaticSettings: TextRecord {
    static var fields: [Field<Self>] {
        [Field("batch", \.batch), Field("max_wait_ns", \.maxWait)]
    }
}

extension WindowSettings: TextRecord {
    static var fields: [Field<Self>] {
        [
            Field("max_batch", \.maxBatch), Field("window_ns", \.window),
            Field("min_ns", \.shortest), Field("max_ns", \.longest), Field("every", \.every),
            Field("factor", \.factor), Field("smoothing", \.smoothing),
            Field("weights", \.weights),
        ]
    }
}

extension TritonSettings: TextRecord {
    static var fields: [Field<Self>] {
        [
            Field("preferred", \.preferred), Field("delay_ns", \.delay),
            Field("max_batch", \.maxBatch), Field("timeout_ns", \.timeouts),
            Field("timeout_action", \.timeoutAction), Field("priorities", \.priorities),
            Field("max_queue", \.maxQueue),
        ]
    }
}

extension BentoMLSettings: TextRecord {
    static var fields: [Field<Self>] {
        [
            Field("max_batch", \.maxBatch), Field("max_latency_ns", \.maxLatency),
            Field("kept", \.keptCalls), Field("refresh_ns", \.refresh), Field("wait_ns", \.wait),
            Field("decay", \.decay), Field("tick_ns", \.tick),
        ]
    }
}

extension ClipperSettings: TextRecord {
    static var fields: [Field<Self>] {
        [
            Field("max_batch", \.maxBatch), Field("budget_decay", \.budgetDecay),
            Field("explore_mean", \.exploreMean),
            Field("explore_deviation", \.exploreDeviation), Field("deviations", \.deviations),
            Field("minimum_samples", \.minimumSamples),
            Field("additive_until", \.additiveUntil), Field("fit_every", \.fitEvery),
            Field("pretrained", \.isPretrained),
            Field("seed", \.seed),
        ]
    }
}

extension NexusSettings: TextRecord {
    static var fields: [Field<Self>] {
        [
            Field("max_batch", \.maxBatch), Field("batch", \.batch), Field("slo_ns", \.timeLimit),
        ]
    }
}

extension ClockworkSettings: TextRecord {
    static var fields: [Field<Self>] {
        [
            Field("sizes", \.sizes), Field("max_batch", \.maxBatch), Field("history", \.history),
            Field("percentile", \.percentile), Field("initial_margin", \.initialMargin),
        ]
    }
}

extension GreedySettings: TextRecord {
    static var fields: [Field<Self>] { [Field("max_batch", \.maxBatch)] }
}

extension Policy {
    /// Writes the settings that belong to the policy.
    func writeSettings(to writer: inout TextWriter) {
        switch self {
        case .slackAware: break
        case .staticBatch(let settings): settings.write(to: &writer)
        case .window(let settings): settings.write(to: &writer)
        case .triton(let settings): settings.write(to: &writer)
        case .bentoml(let settings): settings.write(to: &writer)
        case .clipper(let settings): settings.write(to: &writer)
        case .nexus(let settings): settings.write(to: &writer)
        case .clockwork(let settings): settings.write(to: &writer)
        case .greedy(let settings): settings.write(to: &writer)
        }
    }

    /// Reads the name and the settings that belong to it.
    init(_ scanner: inout LineScanner) throws(LineProblem) {
        let name = try scanner.word("the policy's name")
        guard let policy = Policy(named: name.text) else {
            throw LineProblem(
                "unknown policy \(name.quoted); allowed: "
                    + Policy.names.joined(separator: ", "))
        }
        func settings<Settings: TextRecord>(
            _ defaults: Settings
        ) throws(LineProblem) -> Settings {
            var settings = defaults
            try settings.read(&scanner)
            return settings
        }
        switch policy {
        case .slackAware: self = policy
        case .staticBatch(let defaults): self = .staticBatch(try settings(defaults))
        case .window(let defaults): self = .window(try settings(defaults))
        case .triton(let defaults): self = .triton(try settings(defaults))
        case .bentoml(let defaults): self = .bentoml(try settings(defaults))
        case .clipper(let defaults): self = .clipper(try settings(defaults))
        case .nexus(let defaults): self = .nexus(try settings(defaults))
        case .clockwork(let defaults): self = .clockwork(try settings(defaults))
        case .greedy(let defaults): self = .greedy(try settings(defaults))
        }
    }
}
