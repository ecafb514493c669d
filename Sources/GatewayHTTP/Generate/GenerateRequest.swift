internal import GatewayCore
internal import ServingModel

/// `POST /v2/models/{model}/generate` and `/generate_stream`, Triton's extension for text.
///
/// Parameters stand in `parameters`, or beside `text_input`, where Triton's model backends have them.
struct GenerateRequest {
    /// The client's name for the request.
    var id: String?
    var call: TextCall
    /// Whether the prompt is part of the answer.
    var echoes: Bool
    /// The prompt.
    var input: String

    init(_ fields: RequestFields) throws(RequestProblem) {
        id = try fields.string("id")
        guard let text = try Self.text(fields) else {
            throw fields.problem("text_input", "is missing")
        }
        input = text
        call = TextCall(prompts: [.text(text)])
        let parameters = try Self.parameters(fields)
        try call.readSampling(parameters)
        try call.readExtent(parameters, limits: ["max_tokens"])
        guard call.choices == 1 else {
            throw parameters.problem("n", "must be 1: the answer has room for one text")
        }
        call.stops += try parameters.strings("stop_words", most: TextCall.mostStops)
        try Self.readQuality(parameters, &call)
        let excludes = try parameters.flag("exclude_input_in_output")
        echoes = try parameters.flag("echo") ?? excludes.map { !$0 } ?? false
    }

    /// The prompt: a string, or an array with one.
    private static func text(_ fields: RequestFields) throws(RequestProblem) -> String? {
        let texts = try fields.strings("text_input", most: 1)
        return texts.first
    }

    private static func parameters(_ fields: RequestFields) throws(RequestProblem) -> RequestFields
    {
        guard case .object(let outer) = fields.value else { return fields }
        guard let inner = try fields.object("parameters"), case .object(let members) = inner.value
        else { return fields }
        return try RequestFields(.object(outer + members))
    }

    private static func readQuality(
        _ parameters: RequestFields, _ call: inout TextCall
    ) throws(RequestProblem) {
        if let priority = try parameters.integer("priority", in: 0...Int.max) {
            call.wish.priority = UInt64(priority)
        }
        if let timeout = try parameters.integer("timeout", in: 0...Int.max) {
            call.wish.timeout = .microseconds(UInt64(timeout))
        }
        for key in ["sequence_id", "sequence_start", "sequence_end"]
        where parameters[key] != nil {
            throw RequestProblem(
                ServingError(.unsupported, "'\(key)' is not supported: sequences are not served"),
                param: key)
        }
    }
}
