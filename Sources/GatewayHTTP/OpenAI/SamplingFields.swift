internal import EngineAPI
internal import GatewayCore
internal import ServingModel

/// The fields that all forms of a request for text share, under the names that OpenAI, vLLM and
/// llama.cpp gave them.
extension TextCall {
    /// Most answers to one prompt.
    static let mostChoices = 128
    /// Most strings that end an answer.
    static let mostStops = 16
    /// Most likely tokens reported beside each.
    static let mostAlternatives = 20
    /// Most tokens with a bias.
    static let mostBiases = 1_024

    /// Reads how tokens are picked.
    mutating func readSampling(_ fields: RequestFields) throws(RequestProblem) {
        if let value = try fields.number("temperature", in: 0...2) {
            sampling.temperature = Float(value)
        }
        if let value = try fields.number("top_p", in: 0...1) { sampling.topP = Float(value) }
        if let value = try fields.number("min_p", in: 0...1) { sampling.minP = Float(value) }
        if let value = try fields.integer("top_k", in: -1...1_000_000) {
            sampling.topK = max(value, 0)
        }
        if let value = try fields.number("presence_penalty", in: -2...2) {
            sampling.presencePenalty = Float(value)
        }
        if let value = try fields.number("frequency_penalty", in: -2...2) {
            sampling.frequencyPenalty = Float(value)
        }
        if let value = try fields.number("repetition_penalty", in: 0.01...10) {
            sampling.repetitionPenalty = Float(value)
        }
        if let value = try fields.integer("seed", in: Int.min...Int.max) {
            seed = UInt64(bitPattern: Int64(value))
        }
        sampling.logitBias = try Self.biases(fields)
    }

    /// Reads how many answers there are and where they end.
    mutating func readExtent(
        _ fields: RequestFields, limits names: [String]
    ) throws(RequestProblem) {
        choices = try fields.integer("n", in: 1...Self.mostChoices) ?? 1
        stops = try fields.strings("stop", most: Self.mostStops)
        guard stops.allSatisfy({ !$0.isEmpty }) else {
            throw fields.problem("stop", "must not hold an empty string")
        }
        ignoresEnd = try fields.flag("ignore_eos") ?? false
        for name in names where maxNewTokens == nil {
            maxNewTokens = try fields.integer(name, in: 1...1_000_000_000)
        }
    }

    /// Reads what the request says of its importance.
    mutating func readTier(_ fields: RequestFields) throws(RequestProblem) -> ServiceTier? {
        let tier = try ServiceTier(fields)
        if let tier { wish.priority = tier.priority }
        return tier
    }

    private static func biases(_ fields: RequestFields) throws(RequestProblem) -> [LogitBias] {
        guard case .object(let members)? = fields["logit_bias"] else {
            _ = try fields.object("logit_bias")
            return []
        }
        guard members.count <= mostBiases else {
            throw fields.problem("logit_bias", "has more than \(mostBiases) tokens")
        }
        var biases: [LogitBias] = []
        for member in members {
            guard let token = Int32(member.key), token >= 0 else {
                throw fields.problem("logit_bias", "has the key '\(member.key)', which is no token")
            }
            guard let bias = member.value.double, (-100...100).contains(bias) else {
                throw fields.problem(
                    "logit_bias.\(token)",
                    "must be a number from -100 to 100, not \(member.value.kind)")
            }
            biases.append(LogitBias(token: token, bias: Float(bias)))
        }
        return biases
    }
}
