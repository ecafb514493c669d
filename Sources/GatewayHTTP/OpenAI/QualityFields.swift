internal import GatewayCore
internal import HTTPTypes
internal import ServingModel

/// What a request's header fields say of its importance and its time limits.
struct QualityFields {
    private static let longest = 86_400_000.0

    /// Name of a priority class, from `x-headway-class`.
    let className: String?
    /// The sooner of `x-headway-deadline-ms` and `x-slo-ttft-ms`, counted from arrival.
    let deadline: Interval?
    /// Who asks, from `x-headway-tenant`.
    let tenant: String?

    init(_ fields: HTTPFields) throws(RequestProblem) {
        className = Self.text("x-headway-class", fields)
        tenant = Self.text("x-headway-tenant", fields)
        deadline = [
            try Self.time("x-headway-deadline-ms", fields), try Self.time("x-slo-ttft-ms", fields),
        ].compactMap(\.self).min()
    }

    /// Adds them to what the request's body said.
    func complete(_ call: inout TextCall) {
        complete(&call.wish)
        call.tenant = tenant
    }

    /// Adds them to what the request's body said.
    func complete(_ wish: inout QualityOfService) {
        if let className { wish.className = className }
        if let deadline { wish.deadline = deadline }
    }

    private static func text(_ name: String, _ fields: HTTPFields) -> String? {
        HTTPField.Name(name).flatMap { fields[$0] }.flatMap { $0.isEmpty ? nil : $0 }
    }

    private static func time(
        _ name: String, _ fields: HTTPFields
    ) throws(RequestProblem) -> Interval? {
        guard let text = HTTPField.Name(name).flatMap({ fields[$0] }) else { return nil }
        guard let milliseconds = Double(text), milliseconds > 0, milliseconds <= longest else {
            throw RequestProblem(
                ServingError(
                    .invalidArgument,
                    "\(name) is '\(text)'; it must be a number above 0 and at most 86400000, "
                        + "which is a day"), param: name)
        }
        return Interval(milliseconds: milliseconds)
    }
}
