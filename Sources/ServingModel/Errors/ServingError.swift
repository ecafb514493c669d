/// An error at the edge of Headway: what went wrong, and whether and when trying again makes sense.
///
/// One table in `GatewayCore` maps ``Code`` to HTTP and gRPC statuses.
public struct ServingError: Error, Hashable, Sendable {
    /// The kind of an error. A struct around a closed list, so that new kinds break no client.
    public struct Code: Hashable, Sendable, CustomStringConvertible {
        enum Value: String, Hashable, CaseIterable {
            case invalidArgument = "invalid_argument"
            case unauthenticated
            case permissionDenied = "permission_denied"
            case notFound = "not_found"
            case methodNotAllowed = "method_not_allowed"
            case payloadTooLarge = "payload_too_large"
            case quotaExceeded = "quota_exceeded"
            case overloaded
            case notReady = "not_ready"
            case deadlineExceeded = "deadline_exceeded"
            case cancelled
            case unsupported
            case engineFailed = "engine_failed"
        }

        let value: Value

        /// Malformed request, or a tensor that does not fit the model.
        public static let invalidArgument = Code(value: .invalidArgument)
        /// No credentials, or credentials that do not verify.
        public static let unauthenticated = Code(value: .unauthenticated)
        /// Credentials that do not allow this.
        public static let permissionDenied = Code(value: .permissionDenied)
        /// Unknown model, version or path.
        public static let notFound = Code(value: .notFound)
        /// The path exists, but not with this method.
        public static let methodNotAllowed = Code(value: .methodNotAllowed)
        /// Body over the configured limit.
        public static let payloadTooLarge = Code(value: .payloadTooLarge)
        /// The tenant's quota is used up.
        public static let quotaExceeded = Code(value: .quotaExceeded)
        /// Too much work waits already.
        public static let overloaded = Code(value: .overloaded)
        /// The model or the server is loading, draining or broken.
        public static let notReady = Code(value: .notReady)
        /// The deadline passed or cannot be met.
        public static let deadlineExceeded = Code(value: .deadlineExceeded)
        /// The client went away.
        public static let cancelled = Code(value: .cancelled)
        /// A part of the protocol that this server or engine does not have.
        public static let unsupported = Code(value: .unsupported)
        /// The engine failed on a valid request.
        public static let engineFailed = Code(value: .engineFailed)

        /// Every code, in the order of the error table.
        public static let all: [Code] = Value.allCases.map(Code.init(value:))

        /// The code in snake case, such as `invalid_argument`.
        public var description: String { value.rawValue }
    }

    /// The kind of the error.
    public var code: Code

    /// A sentence for the caller that names what was wrong and what is allowed.
    public var message: String

    /// When to try again, for errors that pass by themselves.
    public var retryAfter: Interval?

    /// Makes an error.
    public init(_ code: Code, _ message: String, retryAfter: Interval? = nil) {
        self.code = code
        self.message = message
        self.retryAfter = retryAfter
    }
}

extension ServingError {
    /// The same error, saying what it is about; unchanged when it says so already.
    public func about(_ subject: String) -> ServingError {
        guard !message.contains(subject) else { return self }
        return ServingError(code, "\(subject): \(message)", retryAfter: retryAfter)
    }
}

extension ServingError: CustomStringConvertible {
    /// Code and message.
    public var description: String { "\(code): \(message)" }
}
