internal import Foundation
internal import GatewayCore
internal import Hummingbird
internal import ServingModel
internal import ServingRuntime

/// `embeddings`: each input is an ordinary request to a tensor model, so the scheduler batches the inputs
/// of all clients.
extension OpenAIRoutes {
    func embeddings(_ request: Request, _ context: GatewayContext) async throws -> Response {
        let quality = try QualityFields(request.headers)
        let arrival = MonotonicClock().now()
        let fields = try RequestFields(try await request.json(upTo: maxBodyBytes))
        var wanted = try EmbeddingRequest(fields)
        if let tier = try ServiceTier(fields) { wanted.wish.priority = tier.priority }
        quality.complete(&wanted.wish)
        let model = try embeddingModel(wanted.model)
        try model.check(dimensions: wanted.dimensions)
        let promise = try model.handle.quality.promise(wanted.wish, arrival: arrival)
        let gathering = Gathering(wanted.texts, to: model.handle.served, promise, context.label)
        let watch = text.departures.watch(context.channel) { gathering.cancel() }
        defer { withExtendedLifetime(watch) {} }
        let answers = try await gathering.answers()
        let vectors = answers.map { model.vector($0, wanted.dimensions) }
        var response = JSONAnswer.text(
            Self.body(wanted, vectors).bytes, "application/json")
        ServerTiming(
            queued: answers.map(\.queued).max(), total: arrival.interval(to: MonotonicClock().now())
        ).write(to: &response)
        return response
    }

    private func embeddingModel(_ name: String) throws(RequestProblem) -> EmbeddingModel {
        let handle = try RequestProblem.ofModel { () throws(ServingError) in
            try text.catalog.find(name)
        }
        guard let model = EmbeddingModel(handle) else {
            throw RequestProblem(
                ServingError(
                    .invalidArgument,
                    "model '\(name)' makes no embeddings: it has no input 'text' (BYTES) or no "
                        + "output 'embedding' (FP32)"), param: "model")
        }
        return model
    }

    private static func body(
        _ wanted: EmbeddingRequest, _ vectors: [EmbeddingModel.Vector]
    ) -> JSONWriter {
        .object { writer in
            writer.member("object", "list")
            writer.array("data", vectors.enumerated()) { writer, entry in
                writer.object { writer in
                    writer.member("object", "embedding")
                    writer.member("index", entry.offset)
                    writer.member("embedding") { writer in
                        write(entry.element.numbers, wanted.isBase64, to: &writer)
                    }
                }
            }
            writer.member("model", wanted.model)
            let tokens = vectors.reduce(0) { $0 + ($1.tokens ?? 0) }
            writer.object("usage") { writer in
                writer.member("prompt_tokens", tokens)
                writer.member("total_tokens", tokens)
            }
        }
    }

    private static func write(
        _ numbers: [Float], _ isBase64: Bool, to writer: inout JSONWriter
    ) {
        guard isBase64 else { return writer.array(numbers) { $0.value($1) } }
        let little = numbers.map(\.bitPattern.littleEndian)
        writer.value(little.withUnsafeBytes { Data($0) }.base64EncodedString())
    }
}
