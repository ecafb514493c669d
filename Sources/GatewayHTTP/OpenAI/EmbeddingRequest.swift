internal import GatewayCore
internal import ServingModel

/// `POST /v1/embeddings`.
struct EmbeddingRequest {
    /// Most inputs of one request.
    static let mostInputs = 2_048

    var model: String
    var texts: [String]
    /// Whether vectors are sent as base64 of little-endian floats, as OpenAI's client asks for.
    var isBase64: Bool
    /// Numbers of each vector; `nil` for all that the model gives.
    var dimensions: Int?
    var wish = QualityOfService()

    init(_ fields: RequestFields) throws(RequestProblem) {
        model = try fields.requiredString("model")
        texts = []
        for prompt in try TextInput.prompts(fields, "input", most: Self.mostInputs) {
            guard case .text(let text) = prompt, !text.isEmpty else {
                throw fields.problem(
                    "input",
                    "must be text that is not empty: tokens are not taken, because every model "
                        + "numbers them differently")
            }
            texts.append(text)
        }
        isBase64 = try fields.word("encoding_format", of: ["float", "base64"]) == "base64"
        dimensions = try fields.integer("dimensions", in: 1...1_000_000)
    }
}
