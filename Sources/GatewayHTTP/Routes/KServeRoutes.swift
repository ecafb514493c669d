internal import Foundation
internal import GatewayCore
internal import HTTPTypes
internal import Hummingbird
internal import ModelRepository
internal import NIOCore
internal import NIOFoundationCompat
internal import ServingModel
internal import ServingRuntime
internal import Telemetry

/// The routers, and every route that is neither infer nor about text: health, metadata, configuration,
/// statistics, repository, metrics, status.
struct KServeRoutes: Sendable {
    typealias Context = GatewayContext

    let catalog: ModelCatalog
    let manager: ModelManager
    let observer: ProcessObserver
    let monitor: Monitor
    let maxBodyBytes: Int
    let ledger: ConnectionLedger
    /// Decides what is traced; `nil` when nothing is.
    let tracing: RouteTracing?

    /// The router of the HTTP port.
    func router() -> Router<Context> {
        var builder = RouteBuilder()
        addHealth(&builder)
        addModels(&builder)
        addRepository(&builder)
        addOperations(&builder)
        DashboardRoutes(monitor: monitor).add(to: &builder)
        let text = TextService(catalog: catalog, ledger: ledger)
        GenerateRoutes(text: text, maxBodyBytes: maxBodyBytes).add(to: &builder)
        OpenAIRoutes(text: text, maxBodyBytes: maxBodyBytes).add(to: &builder)
        // Known to the infer handler alone; named here for the sake of wrong methods.
        builder.table.add(.post, "/v2/models/:model/infer")
        builder.table.add(.post, "/v2/models/:model/versions/:version/infer")
        return builder.build(tracing)
    }

    /// The router of the metrics port.
    func metricsRouter() -> Router<Context> {
        var builder = RouteBuilder()
        addMetrics(&builder)
        return builder.build()
    }

    // MARK: Health

    private func addHealth(_ routes: inout RouteBuilder) {
        routes.get("/v2") { _, _ in try JSONAnswer.of(ServerMetadata()) }
        routes.get("/v2/health/live") { _, _ in JSONAnswer.empty(.ok) }
        routes.get("/v2/health/ready") { _, _ in
            JSONAnswer.empty(catalog.isReady ? .ok : .badRequest)
        }
    }

    // MARK: Models

    private func addModels(_ routes: inout RouteBuilder) {
        routes.get("/v2/models/stats") { _, _ in
            try JSONAnswer.of(
                StatisticsAnswer(modelStats: catalog.serving.map(StatisticsAnswer.Model.init)))
        }
        for path in ["/v2/models/:model", "/v2/models/:model/versions/:version"] {
            routes.get(path) { _, context in try metadata(context) }
            routes.get("\(path)/ready") { _, context in
                JSONAnswer.empty((try? findAny(context)) == nil ? .badRequest : .ok)
            }
            routes.get("\(path)/config") { _, context in
                let json = try findAny(context).configuration.configJSON()
                return JSONAnswer.text(ByteBuffer(string: json), "application/json")
            }
            routes.get("\(path)/stats") { _, context in
                let models = [StatisticsAnswer.Model(try findAny(context))]
                return try JSONAnswer.of(StatisticsAnswer(modelStats: models))
            }
        }
    }

    private func metadata(_ context: Context) throws -> Response {
        let model = try findAny(context)
        let versions = (catalog.versions(of: model.name) ?? []).compactMap {
            if case .ready = $0.state { $0.version } else { nil }
        }
        return try JSONAnswer.of(ModelMetadata(model, versions: versions))
    }

    /// The model that the path names.
    private func findAny(_ context: Context) throws(ServingError) -> ReadyModel {
        try catalog.findAny(context.modelName, version: try context.modelVersion)
    }

    // MARK: Repository

    private func addRepository(_ routes: inout RouteBuilder) {
        routes.post("/v2/repository/index") { request, _ in
            let wish = try await body(of: request)
            let entries = catalog.entries.filter { entry in
                if wish?.ready == true, case .ready = entry.state { return true }
                return wish?.ready != true
            }
            return try JSONAnswer.of(entries.map(RepositoryIndexEntry.init))
        }
        routes.post("/v2/repository/models/:model/load") { request, context in
            let wish = try await body(of: request)
            if let file = wish?.parameters?.fileNames.first {
                throw ServingError(
                    .unsupported,
                    "'\(file)': model files cannot be sent with the request; put them into the repository"
                )
            }
            try await manager.load(context.modelName, configurationJSON: wish?.parameters?.config)
            return JSONAnswer.empty(.ok)
        }
        routes.post("/v2/repository/models/:model/unload") { _, context in
            try await manager.unload(context.modelName)
            return JSONAnswer.empty(.ok)
        }
    }

    /// The body of a repository request, which may be empty.
    private func body(of request: Request) async throws -> RepositoryRequest? {
        var request = request
        let body = try await request.collectBody(upTo: 4 << 20)
        guard body.readableBytes > 0 else { return nil }
        do {
            return try JSONDecoder().decode(RepositoryRequest.self, from: body)
        } catch {
            throw ServingError(.invalidArgument, "malformed JSON in the request's body")
        }
    }

    // MARK: Operations

    private func addOperations(_ routes: inout RouteBuilder) {
        addMetrics(&routes)
        routes.get("/headway/v1/status") { _, _ in
            try JSONAnswer.of(StatusAnswer(catalog, readProcess()))
        }
        routes.get("/headway/v1/decisions/:request") { _, context in
            let name = context.parameters.get("request") ?? ""
            let id = name.removingURLPercentEncoding() ?? name
            return try JSONAnswer.of(DecisionAnswer(id, catalog, at: MonotonicClock().now()))
        }
    }

    /// What the process uses, and its models of the memory that they share.
    private func readProcess() -> ProcessFigures {
        var figures = observer.read()
        figures.memory = manager.memory?.figures
        return figures
    }

    private func addMetrics(_ routes: inout RouteBuilder) {
        routes.get("/metrics") { _, _ in
            let text = PrometheusExposition.render(
                models: catalog.ready.map { ModelFigures($0.served) },
                generators: catalog.generators.map { GeneratorFigures($0.generator) },
                process: readProcess())
            return JSONAnswer.text(ByteBuffer(string: text), PrometheusExposition.contentType)
        }
    }
}

/// Collects routes for the router and for the table of methods.
struct RouteBuilder {
    typealias Handler =
        @Sendable (Request, GatewayContext) async throws -> Response

    var table = RouteTable()
    private var routes: [(method: HTTPRequest.Method, path: String, handler: Handler)] = []

    mutating func get(_ path: String, _ handler: @escaping Handler) { add(.get, path, handler) }

    mutating func post(_ path: String, _ handler: @escaping Handler) { add(.post, path, handler) }

    private mutating func add(
        _ method: HTTPRequest.Method, _ path: String, _ handler: @escaping Handler
    ) {
        table.add(method, path)
        routes.append((method, path, handler))
    }

    /// The router, whose errors are answered by the error table.
    func build(_ tracing: RouteTracing? = nil) -> Router<GatewayContext> {
        let router = Router(context: GatewayContext.self, options: .autoGenerateHeadEndpoints)
        router.add(middleware: ErrorMiddleware(routes: table, tracing: tracing))
        for route in routes {
            router.on(RouterPath(route.path), method: route.method, use: route.handler)
        }
        return router
    }
}
