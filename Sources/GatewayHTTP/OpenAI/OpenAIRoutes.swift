internal import EngineAPI
internal import Foundation
internal import GatewayCore
internal import HTTPTypes
internal import Hummingbird
internal import NIOCore
internal import ServingModel
internal import ServingRuntime

/// OpenAI's API under `/v1`, and `/tokenize` and `/detokenize` as vLLM has them.
struct OpenAIRoutes: Sendable {
    let text: TextService
    let maxBodyBytes: Int
    private let started = Int(Date().timeIntervalSince1970)

    /// Routes to the models that `text` serves.
    init(text: TextService, maxBodyBytes: Int) {
        self.text = text
        self.maxBodyBytes = maxBodyBytes
    }

    /// Whether errors at a path have OpenAI's form.
    static func owns(_ path: String) -> Bool {
        path == "/v1" || path.hasPrefix("/v1/") || path == "/tokenize" || path == "/detokenize"
    }

    /// Adds the routes.
    func add(to routes: inout RouteBuilder) {
        routes.get("/v1/models") { _, _ in models() }
        routes.get("/v1/models/:model") { _, context in try model(context.modelName) }
        routes.post("/v1/chat/completions") { try await chat($0, $1) }
        routes.post("/v1/completions") { try await completion($0, $1) }
        routes.post("/v1/responses") { try await responses($0, $1) }
        routes.post("/v1/embeddings") { try await embeddings($0, $1) }
        for prefix in ["", "/v1"] {
            routes.post("\(prefix)/tokenize") { request, _ in
                try tokenize(try await fields(request))
            }
            routes.post("\(prefix)/detokenize") { request, _ in
                try detokenize(try await fields(request))
            }
        }
    }

    private func fields(_ request: Request) async throws -> RequestFields {
        try RequestFields(try await request.json(upTo: maxBodyBytes))
    }

    // MARK: Text

    private func chat(_ request: Request, _ context: GatewayContext) async throws -> Response {
        let quality = try QualityFields(request.headers)
        var chat = try ChatRequest(try await fields(request))
        quality.complete(&chat.call)
        let handle = try text.find(chat.model)
        try check(chat.offersTools, handle)
        let request = chat
        return try await text.answer(request.call, by: handle, streams: request.streams, context) {
            ChatFormat(request, $0)
        }
    }

    private func completion(
        _ request: Request, _ context: GatewayContext
    ) async throws -> Response {
        let quality = try QualityFields(request.headers)
        var completion = try CompletionRequest(try await fields(request))
        quality.complete(&completion.call)
        let handle = try text.find(completion.model)
        let request = completion
        return try await text.answer(request.call, by: handle, streams: request.streams, context) {
            CompletionFormat(request, $0)
        }
    }

    private func responses(_ request: Request, _ context: GatewayContext) async throws -> Response {
        let quality = try QualityFields(request.headers)
        var responses = try ResponsesRequest(try await fields(request))
        quality.complete(&responses.call)
        let handle = try text.find(responses.model)
        try check(responses.offersTools, handle)
        let request = responses
        return try await text.answer(request.call, by: handle, streams: request.streams, context) {
            ResponsesFormat(request, $0)
        }
    }

    private func check(_ offersTools: Bool, _ handle: GeneratorHandle) throws(RequestProblem) {
        guard offersTools, !handle.generator.model.info.supportsTools else { return }
        throw RequestProblem(
            ServingError(
                .invalidArgument, "'tools': the chat template of this model has no place for tools"),
            param: "tools")
    }

    // MARK: Models

    /// A model of the list.
    private struct Listed {
        var name: String
        var contextLength: Int?
    }

    private var listed: [Listed] {
        let generators = text.catalog.generators.map {
            Listed(
                name: $0.name,
                contextLength: $0.generator.maxContext)
        }
        let embeddings = text.catalog.ready.compactMap(EmbeddingModel.init).map {
            Listed(name: $0.handle.interface.name)
        }
        var names: Set<String> = []
        return (generators + embeddings).filter { names.insert($0.name).inserted }
            .sorted { $0.name < $1.name }
    }

    private func models() -> Response {
        let body = JSONWriter.object { writer in
            writer.member("object", "list")
            writer.array("data", listed) { write($1, to: &$0) }
        }
        return JSONAnswer.text(body.bytes, "application/json")
    }

    private func model(_ name: String) throws -> Response {
        guard let model = listed.first(where: { $0.name == name }) else {
            // The look-up knows best why there is none, and says so.
            _ = try text.find(name)
            throw RequestProblem(ServingError(.notFound, "unknown model '\(name)'"), param: "model")
        }
        var body = JSONWriter()
        write(model, to: &body)
        return JSONAnswer.text(body.bytes, "application/json")
    }

    private func write(_ model: Listed, to writer: inout JSONWriter) {
        writer.object { writer in
            writer.member("id", model.name)
            writer.member("object", "model")
            writer.member("created", started)
            writer.member("owned_by", "headway")
            if let length = model.contextLength { writer.member("max_model_len", length) }
        }
    }
}
