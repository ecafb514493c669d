internal import GatewayCore
internal import ServingModel

/// `POST /v1/completions`.
struct CompletionRequest {
    /// Most prompts of one request.
    static let mostPrompts = 128

    var model: String
    var call: TextCall
    var tier: ServiceTier?
    var streams: Bool
    var includesUsage: Bool
    /// Whether the prompt is part of the answer.
    var echoes: Bool

    init(_ fields: RequestFields) throws(RequestProblem) {
        model = try fields.requiredString("model")
        call = TextCall(prompts: try TextInput.prompts(fields, "prompt", most: Self.mostPrompts))
        try call.readSampling(fields)
        try call.readExtent(fields, limits: ["max_tokens"])
        call.maxNewTokens = call.maxNewTokens ?? 16
        call.form = try Self.form(fields)
        tier = try call.readTier(fields)
        call.alternatives = try fields.integer("logprobs", in: 0...TextCall.mostAlternatives)
        echoes = try fields.flag("echo") ?? false
        if echoes, call.alternatives != nil {
            throw RequestProblem(
                ServingError(
                    .unsupported,
                    "'echo' with 'logprobs' is not supported: probabilities of the prompt are not "
                        + "computed"), param: "echo")
        }
        if let best = try fields.integer("best_of", in: 1...TextCall.mostChoices),
            best != call.choices
        {
            throw fields.problem("best_of", "is not supported unless it equals 'n'")
        }
        if try fields.string("suffix")?.isEmpty == false {
            throw RequestProblem(
                ServingError(.unsupported, "'suffix' is not supported"), param: "suffix")
        }
        streams = try fields.flag("stream") ?? false
        includesUsage = try fields.object("stream_options")?.flag("include_usage") ?? false
    }

    /// Completions have OpenAI's `response_format` too, and llama.cpp's `grammar`.
    private static func form(_ fields: RequestFields) throws(RequestProblem) -> TextCall.Form {
        if let grammar = try fields.string("grammar") { return .grammar(grammar) }
        guard let format = try fields.object("response_format") else { return .free }
        switch try format.word("type", of: ["text", "json_object", "json_schema"]) {
        case "json_object": return .schema(#"{"type":"object"}"#)
        case "json_schema":
            guard let schema = try format.object("json_schema")?.object("schema") else {
                throw format.problem("json_schema.schema", "is missing")
            }
            return .schema(schema.value.json)
        default: return .free
        }
    }
}
