package import EngineAPI
package import SchedulerCore
package import ServingModel

/// What an operator sets for every model that generates text; sizes that are not set follow from the
/// model and from memory.
package struct GenerationSettings: Sendable {
    /// Most requests of one model that generate at the same time.
    package var slots = 16
    /// Prefixes of prompts kept by one model.
    package var cacheSlots = 16
    /// Room for keys and values of one model, in tokens.
    package var keyValueTokens: Int?
    /// Most memory for keys and values of one model where ``keyValueTokens`` is not set, in bytes.
    package var keyValueBytes: UInt64 = 4 << 30
    /// Host memory for keys and values of one model's requests that lost their slots; 0 to compute them anew.
    package var swapBytes = 0
    /// Longest sequence, in tokens.
    package var maxContext: Int?
    /// Most tokens of one step.
    package var maxStepTokens = 2_048
    /// Threads that compute a step.
    package var threads = 1
    /// Whether answers are the same to the last bit whatever shares their steps.
    package var isExact = false
    /// Who decides what a step consists of.
    package var policy = GenerationPolicy.slackAware
    /// Most requests that may wait for one model.
    package var maxQueuedRequests = 1_024
    /// Time to the first token promised to each class; the last one counts for all further classes.
    package var firstToken: [Interval] = [
        .milliseconds(500), .milliseconds(1_500), .milliseconds(8_000),
    ]
    /// Time for each further token promised to each class; the last one counts for all further classes.
    package var perToken: [Interval] = [
        .milliseconds(40), .milliseconds(60), .milliseconds(150),
    ]

    /// The defaults.
    package init() {}

    /// What begins the names of the parameters of a model's configuration that change settings for it.
    package static let parameterPrefix = "generation."

    /// The settings with those changed that a model's configuration names, such as `generation.slots`.
    ///
    /// - Throws: ``EngineError`` of kind `invalidModel` that names the parameter and what is allowed.
    package func changed(by parameters: [String: String]) throws(EngineError) -> GenerationSettings
    {
        var settings = self
        for (key, value) in parameters.sorted(by: { $0.key < $1.key })
        where key.hasPrefix(Self.parameterPrefix) {
            switch key.dropFirst(Self.parameterPrefix.count) {
            case "slots": settings.slots = try Self.number(key, value, 1...256)
            case "prefix_slots": settings.cacheSlots = try Self.number(key, value, 0...255)
            case "kv_tokens": settings.keyValueTokens = try Self.number(key, value, 16...1 << 30)
            case "swap_bytes": settings.swapBytes = try Self.number(key, value, 0...1 << 40)
            case "max_context": settings.maxContext = try Self.number(key, value, 2...1 << 30)
            case "max_step_tokens":
                settings.maxStepTokens = try Self.number(key, value, 1...1 << 20)
            case "threads": settings.threads = try Self.number(key, value, 1...1_024)
            case "exact":
                guard let isExact = Bool(value) else {
                    throw Self.malformed(key, value, "true or false")
                }
                settings.isExact = isExact
            case "policy":
                guard let policy = GenerationPolicy(named: value) else {
                    throw Self.malformed(
                        key, value, "one of " + GenerationPolicy.names.joined(separator: ", "))
                }
                settings.policy = policy
            default:
                throw EngineError(
                    .invalidModel,
                    "unknown parameter '\(key)'; of generation there are slots, prefix_slots, kv_tokens, "
                        + "swap_bytes, max_context, max_step_tokens, threads, exact and policy")
            }
        }
        return settings
    }

    /// The specification of one model.
    ///
    /// - Parameter classes: The server's class table; its deadlines give way to those of the first
    ///   token.
    /// - Throws: ``EngineError`` of kind `invalidModel` when the sizes do not fit each other.
    package func specification(
        name: String, version: Int, engine: String, info: GenerativeModelInfo,
        classes: [PriorityClass]
    ) throws(EngineError) -> GeneratorSpecification {
        guard slots + cacheSlots <= 256 else {
            throw EngineError(
                .invalidModel,
                "\(slots) slots and \(cacheSlots) kept prefixes are more than an engine's 256")
        }
        let context = min(maxContext ?? info.contextLength, info.contextLength)
        let room = keyValueTokens ?? roomForKeysAndValues(info, context: context)
        var specification = GeneratorSpecification(
            name: name, version: version, engine: engine,
            classes: classes.enumerated().map { index, entry in
                var entry = entry
                entry.defaultDeadline = Self.entry(index, of: firstToken)
                return entry
            }, slots: slots, cacheSlots: cacheSlots, keyValueTokens: room,
            maxContext: min(context, room), maxStepTokens: max(maxStepTokens, slots),
            threads: threads, isExact: isExact, policy: policy,
            maxQueuedRequests: maxQueuedRequests,
            perToken: classes.indices.map { Self.entry($0, of: perToken) })
        specification.swapBytes = swapBytes
        return specification
    }

    /// As many tokens as all slots could need, as far as memory allows. In an exact session every slot has
    /// room of its own for the whole context, in twice the precision.
    private func roomForKeysAndValues(_ info: GenerativeModelInfo, context: Int) -> Int {
        let wanted = slots.multipliedReportingOverflow(by: context)
        let bytesPerToken = UInt64(max(info.keyValueBytesPerToken, 1))
        let affordable: Int
        if isExact {
            let perSlot = keyValueBytes / (2 * bytesPerToken * UInt64(slots + cacheSlots))
            affordable = perSlot >= UInt64(context) ? .max : Int(clamping: perSlot)
        } else {
            affordable = Int(clamping: keyValueBytes / bytesPerToken)
        }
        return max(min(wanted.overflow ? .max : wanted.partialValue, affordable), 16)
    }

    private static func entry(_ index: Int, of intervals: [Interval]) -> Interval {
        intervals.isEmpty ? .never : intervals[min(index, intervals.count - 1)]
    }

    private static func number(
        _ key: String, _ value: String, _ range: ClosedRange<Int>
    ) throws(EngineError) -> Int {
        guard let number = Int(value), range.contains(number) else {
            throw malformed(
                key, value, "a whole number from \(range.lowerBound) to \(range.upperBound)")
        }
        return number
    }

    private static func malformed(
        _ key: String, _ value: String, _ allowed: String
    ) -> EngineError {
        EngineError(.invalidModel, "parameter '\(key)' is '\(value)'; it takes \(allowed)")
    }
}
