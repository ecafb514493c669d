internal import GatewayCore
internal import Hummingbird
internal import ServingModel

/// Triton's `generate` and `generate_stream`.
struct GenerateRoutes: Sendable {
    let text: TextService
    let maxBodyBytes: Int

    /// Adds the routes.
    func add(to routes: inout RouteBuilder) {
        for path in ["/v2/models/:model", "/v2/models/:model/versions/:version"] {
            routes.post("\(path)/generate") { try await generate($0, $1, streams: false) }
            routes.post("\(path)/generate_stream") { try await generate($0, $1, streams: true) }
        }
    }

    private func generate(
        _ request: Request, _ context: GatewayContext, streams: Bool
    ) async throws -> Response {
        let quality = try QualityFields(request.headers)
        let handle = try text.find(context.modelName, version: try context.modelVersion)
        let fields = try RequestFields(try await request.json(upTo: maxBodyBytes))
        var generate = try GenerateRequest(fields)
        quality.complete(&generate.call)
        let request = generate
        return try await text.answer(request.call, by: handle, streams: streams, context) {
            GenerateFormat(request, $0)
        }
    }
}
