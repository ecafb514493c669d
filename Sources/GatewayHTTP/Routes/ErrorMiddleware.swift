internal import GatewayCore
package import HTTPTypes
internal import Hummingbird
internal import Logging
internal import ServingModel
internal import ServingRuntime

/// Turns every error of a route into an answer of the error table, and names every answer.
struct ErrorMiddleware: RouterMiddleware {
    typealias Context = GatewayContext

    private let routes: RouteTable
    private let tracing: RouteTracing?

    init(routes: RouteTable, tracing: RouteTracing?) {
        self.routes = routes
        self.tracing = tracing
    }

    func handle(
        _ request: Request, context: Context,
        next: @concurrent (Request, Context) async throws -> Response
    ) async throws -> Response {
        var context = context
        context.label = label(of: request)
        let clock = MonotonicClock()
        let arrival = clock.now()
        let path = request.uri.path
        var response: Response
        do {
            response = try await next(request, context)
        } catch let problem as RequestProblem {
            response = JSONAnswer.failure(problem, at: path)
        } catch let error as ServingError {
            response = JSONAnswer.failure(RequestProblem(error), at: path)
        } catch let error as any HTTPResponseError {
            response = answer(error, request)
        } catch {
            context.logger.error("route failed", metadata: ["error": "\(error)"])
            let error = ServingError(
                .engineFailed, "the server failed on this request; its log has details")
            response = JSONAnswer.failure(RequestProblem(error), at: path)
        }
        if let name = HTTPField.Name("x-request-id") {
            response.headers[name] = "\(context.label.name)"
        }
        if let trace = context.label.trace { response.headers[.traceParent] = trace.field }
        if let name = ServerTiming.field, response.headers[name] == nil {
            ServerTiming(total: arrival.interval(to: clock.now())).write(to: &response)
        }
        return response
    }

    /// Longest name of a client's own that is kept, in bytes.
    private static let longestName = 256

    /// What the request is called, and its place in a trace.
    private func label(of request: Request) -> RequestLabel {
        var name = RequestName.number(UInt64.random(in: 1 ... .max))
        if let field = HTTPField.Name("x-request-id"), let text = request.headers[field],
            (1...Self.longestName).contains(text.utf8.count)
        {
            name = .text(text)
        }
        return RequestLabel(name: name, trace: tracing?.context(of: request))
    }

    private func answer(_ error: any HTTPResponseError, _ request: Request) -> Response {
        let path = request.uri.path
        switch error.status {
        case .notFound:
            let allowed = routes.methods(of: path)
            guard !allowed.isEmpty, !allowed.contains(request.method) else {
                return JSONAnswer.failure(
                    RequestProblem(
                        ServingError(.notFound, "there is nothing at \(path)"), code: "unknown_url"),
                    at: path)
            }
            let list = allowed.map(\.rawValue).joined(separator: ", ")
            let refusal = ServingError(
                .methodNotAllowed, "\(request.method.rawValue) is not allowed here; use \(list)")
            var response = JSONAnswer.failure(RequestProblem(refusal), at: path)
            response.headers[.allow] = list
            return response
        case .contentTooLarge:
            let refusal = ServingError(
                .payloadTooLarge, "the request's body is too large for this route")
            return JSONAnswer.failure(RequestProblem(refusal), at: path)
        default:
            let code: ServingError.Code = error.status.code < 500 ? .invalidArgument : .engineFailed
            let refusal = ServingError(code, error.status.reasonPhrase)
            return JSONAnswer.failure(RequestProblem(refusal), at: path)
        }
    }
}

/// The paths that are served, so that a wrong method can be told from a wrong path.
package struct RouteTable: Sendable {
    private var patterns: [(parts: [Substring], method: HTTPRequest.Method)] = []

    /// A table without routes.
    package init() {}

    /// Notes a route; parts of `path` that start with a colon match anything.
    package mutating func add(_ method: HTTPRequest.Method, _ path: String) {
        patterns.append((path.split(separator: "/"), method))
    }

    /// The methods that are served at `path`.
    package func methods(of path: String) -> [HTTPRequest.Method] {
        let parts =
            path == "/"
            ? [] : path.dropFirst().split(separator: "/", omittingEmptySubsequences: false)
        return patterns.filter { pattern in
            pattern.parts.count == parts.count
                && zip(pattern.parts, parts).allSatisfy {
                    $0.hasPrefix(":") ? !$1.isEmpty : $0 == $1
                }
        }.map(\.method)
    }
}
