internal import GatewayCore
internal import ServingModel

/// `POST /v1/chat/completions`.
struct ChatRequest {
    var model: String
    var call: TextCall
    var tier: ServiceTier?
    var streams: Bool
    var includesUsage: Bool
    /// Whether the answer may be a call of one of the client's tools.
    var offersTools: Bool

    init(_ fields: RequestFields) throws(RequestProblem) {
        model = try fields.requiredString("model")
        let conversation = try Conversation(fields)
        offersTools = conversation.offersTools
        call = TextCall(prompts: [.chat(conversation.json)])
        try call.readSampling(fields)
        try call.readExtent(fields, limits: ["max_completion_tokens", "max_tokens"])
        tier = try call.readTier(fields)
        call.alternatives = try Self.alternatives(fields)
        streams = try fields.flag("stream") ?? false
        includesUsage = try fields.object("stream_options")?.flag("include_usage") ?? false
    }

    private static func alternatives(_ fields: RequestFields) throws(RequestProblem) -> Int? {
        let wanted = try fields.flag("logprobs") ?? false
        let count = try fields.integer("top_logprobs", in: 0...TextCall.mostAlternatives)
        if count != nil, !wanted {
            throw fields.problem("top_logprobs", "needs 'logprobs' to be true")
        }
        return wanted ? count ?? 0 : nil
    }
}
