import GatewayCore
import ServingModel
import Testing

@Suite("The table of errors")
struct ErrorTableTests {
    /// What clients are promised, written down a second time.
    private static let expected: [(code: ServingError.Code, http: Int, grpc: Int, type: String)] = [
        (.invalidArgument, 400, 3, "invalid_request_error"),
        (.unauthenticated, 401, 16, "authentication_error"),
        (.permissionDenied, 403, 7, "permission_error"),
        (.notFound, 404, 5, "not_found_error"),
        (.methodNotAllowed, 405, 12, "invalid_request_error"),
        (.payloadTooLarge, 413, 8, "invalid_request_error"),
        (.quotaExceeded, 429, 8, "rate_limit_error"),
        (.overloaded, 503, 14, "overloaded_error"),
        (.notReady, 503, 14, "unavailable_error"),
        (.deadlineExceeded, 504, 4, "deadline_error"),
        (.cancelled, 499, 1, "cancelled"),
        (.unsupported, 501, 12, "unsupported_error"),
        (.engineFailed, 500, 13, "server_error"),
    ]

    @Test("Every code has the statuses that were promised")
    func everyCode() {
        #expect(Self.expected.map(\.code) == ServingError.Code.all)
        for entry in Self.expected {
            let status = ErrorTable.status(of: entry.code)
            #expect(status.http == entry.http, "\(entry.code)")
            #expect(status.grpc == entry.grpc, "\(entry.code)")
            #expect(status.openAIType == entry.type, "\(entry.code)")
        }
    }

    @Test("HTTP and gRPC agree on whose fault an error is", arguments: ServingError.Code.all)
    func agreement(code: ServingError.Code) {
        let status = ErrorTable.status(of: code)
        // By google.rpc.Code: what a client did wrong, and what a server could not do.
        let clientFaults: Set = [1, 3, 5, 7, 8, 12, 16]
        if (400..<500).contains(status.http) {
            #expect(clientFaults.contains(status.grpc))
        } else {
            #expect([4, 12, 13, 14].contains(status.grpc))
        }
        #expect((400..<600).contains(status.http))
        #expect((1...16).contains(status.grpc))
    }

    @Test("Only a missed deadline tells client libraries not to try again")
    func noRetry() {
        for code in ServingError.Code.all {
            let headers = ErrorTable.headers(of: ServingError(code, "x"))
            let advice = headers.first { $0.name == "x-should-retry" }?.value
            #expect(advice == (code == .deadlineExceeded ? "false" : nil), "\(code)")
        }
    }

    @Test("Only missing credentials name the way to authenticate")
    func authenticate() {
        for code in ServingError.Code.all {
            let headers = ErrorTable.headers(of: ServingError(code, "x"))
            let scheme = headers.first { $0.name == "WWW-Authenticate" }?.value
            #expect(scheme == (code == .unauthenticated ? "Bearer" : nil), "\(code)")
        }
    }

    @Test(
        "Waiting times are rounded up and bounded, in seconds and in milliseconds",
        arguments: [
            (Interval.zero, "1", "1"),
            (Interval(nanoseconds: 1), "1", "1"),
            (.microseconds(1_001), "1", "2"),
            (.milliseconds(999), "1", "999"),
            (.seconds(1), "1", "1000"),
            (.milliseconds(1_001), "2", "1001"),
            (.milliseconds(119_001), "120", "119001"),
            (.seconds(120), "120", "120000"),
            (.seconds(121), "120", "120000"),
            (.never, "120", "120000"),
        ])
    func retryAfter(wait: Interval, seconds: String, milliseconds: String) {
        for code in ServingError.Code.all {
            let headers = ErrorTable.headers(of: ServingError(code, "x", retryAfter: wait))
            #expect(headers.first { $0.name == "Retry-After" }?.value == seconds)
            #expect(headers.first { $0.name == "retry-after-ms" }?.value == milliseconds)
        }
    }

    @Test("Nobody is told to wait for an error that does not pass by itself")
    func noAdvice() {
        for code in ServingError.Code.all {
            let names = ErrorTable.headers(of: ServingError(code, "x")).map(\.name)
            #expect(!names.contains("Retry-After"))
            #expect(!names.contains("retry-after-ms"))
        }
    }
}
