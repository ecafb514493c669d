internal import GatewayCore
internal import HTTPTypes
internal import Hummingbird
internal import NIOCore

/// `/`: the dashboard, one page that needs nothing from elsewhere, and the events that it lives on.
struct DashboardRoutes: Sendable {
    let monitor: Monitor

    /// Adds the routes.
    func add(to routes: inout RouteBuilder) {
        routes.get("/") { request, _ in
            // A person at a terminal is better served by text.
            let accepts = request.headers[.accept] ?? ""
            return accepts.contains("text/html") ? page : index
        }
        routes.get("/headway/v1/snapshot") { _, _ in try JSONAnswer.of(monitor.snapshot()) }
        routes.get("/headway/v1/events") { _, _ in try events() }
    }

    private var page: Response {
        var response = JSONAnswer.text(
            ByteBuffer(bytes: PackageResources.dashboard_html), "text/html; charset=utf-8")
        response.headers[.cacheControl] = "no-cache"
        response.headers[.contentSecurityPolicy] =
            "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; "
            + "connect-src 'self'; img-src data:"
        return response
    }

    private var index: Response {
        JSONAnswer.text(
            ByteBuffer(
                string: """
                    Headway \(HeadwayVersion.current)
                    /                        dashboard, in a browser
                    /v2                      KServe v2 inference protocol
                    /v2/models/stats         statistics
                    /v1                      OpenAI API
                    /metrics                 Prometheus metrics
                    /headway/v1/status       queues, latencies and memory of every model
                    /headway/v1/snapshot     what the dashboard shows, as JSON
                    /headway/v1/decisions/…  why a request was served as it was

                    """), "text/plain; charset=utf-8")
    }

    private func events() throws -> Response {
        let events = try monitor.events()
        let body = ResponseBody { writer in
            for await event in events { try await writer.write(event) }
            try await writer.finish(nil)
        }
        return Response(
            status: .ok,
            headers: [.contentType: EventText.contentType, .cacheControl: "no-cache"], body: body)
    }
}
