internal import HTTPTypes
internal import Hummingbird
internal import ServingRuntime
internal import Synchronization

/// Decides which requests of the router are traced. Only what asks a model for something can be, and
/// that is a POST.
final class RouteTracing: Sendable {
    private let sampler: Mutex<TraceSampler>

    /// Traces a share of the requests without a caller's trace.
    init(ratio: Double) {
        sampler = Mutex(TraceSampler(ratio: ratio))
    }

    /// The request's place in a trace, if it is traced.
    func context(of request: Request) -> TraceContext? {
        guard request.method == .post else { return nil }
        let parent = request.headers[.traceParent].flatMap { TraceParent($0) }
        return sampler.withLock { $0.context(parent) }
    }
}

extension HTTPField.Name {
    /// W3C Trace Context.
    static let traceParent = Self(known: "traceparent")
}

extension HTTPField.Name {
    /// A name that is known to be one.
    private init(known name: String) {
        guard let parsed = Self(name) else { preconditionFailure("\(name) is no field name") }
        self = parsed
    }
}
