package import ServingModel

/// How one kind of error looks on the wire, whatever the protocol.
package struct WireStatus: Hashable, Sendable {
    /// HTTP status code.
    package var http: Int

    /// gRPC status code, as numbered by the gRPC specification.
    package var grpc: Int

    /// Error type of OpenAI's error body.
    package var openAIType: String

    /// Whether a client library that asks shall be told not to try again.
    package var forbidsRetry: Bool
}

/// The one table from error codes to statuses, for every protocol that Headway speaks.
package enum ErrorTable {
    /// The statuses of an error code.
    package static func status(of code: ServingError.Code) -> WireStatus {
        switch code {
        case .invalidArgument: status(400, 3, "invalid_request_error")
        case .unauthenticated: status(401, 16, "authentication_error")
        case .permissionDenied: status(403, 7, "permission_error")
        case .notFound: status(404, 5, "not_found_error")
        case .methodNotAllowed: status(405, 12, "invalid_request_error")
        case .payloadTooLarge: status(413, 8, "invalid_request_error")
        case .quotaExceeded: status(429, 8, "rate_limit_error")
        case .overloaded: status(503, 14, "overloaded_error")
        case .notReady: status(503, 14, "unavailable_error")
        case .deadlineExceeded: status(504, 4, "deadline_error", forbidsRetry: true)
        case .cancelled: status(499, 1, "cancelled")
        case .unsupported: status(501, 12, "unsupported_error")
        default: status(500, 13, "server_error")
        }
    }

    private static func status(
        _ http: Int, _ grpc: Int, _ openAIType: String, forbidsRetry: Bool = false
    ) -> WireStatus {
        WireStatus(http: http, grpc: grpc, openAIType: openAIType, forbidsRetry: forbidsRetry)
    }

    /// Header fields that go with an error: when to try again, or that trying again is in vain.
    ///
    /// `Retry-After` is in whole seconds, at least 1; `retry-after-ms` is what OpenAI's clients prefer.
    package static func headers(of error: ServingError) -> [(name: String, value: String)] {
        var headers: [(name: String, value: String)] = []
        if let wait = error.retryAfter {
            let milliseconds = min(max(wait.milliseconds.rounded(.up), 1), 120_000)
            headers.append(("Retry-After", "\(max(Int((milliseconds / 1_000).rounded(.up)), 1))"))
            headers.append(("retry-after-ms", "\(Int(milliseconds))"))
        }
        if status(of: error.code).forbidsRetry { headers.append(("x-should-retry", "false")) }
        if error.code == .unauthenticated { headers.append(("WWW-Authenticate", "Bearer")) }
        return headers
    }
}
