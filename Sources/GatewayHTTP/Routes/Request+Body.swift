internal import Hummingbird
internal import NIOCore
internal import ServingModel

extension Request {
    /// The whole body, as JSON.
    ///
    /// - Throws: ``ServingError``: `payloadTooLarge`, or `invalidArgument` with the position of the fault.
    func json(upTo limit: Int) async throws -> JSONValue {
        var request = self
        if let length = headers[.contentLength].flatMap({ Int($0) }), length > limit {
            throw ServingError.payloadTooLarge(limit: limit)
        }
        let body = try await request.collectBody(upTo: limit)
        return try body.withUnsafeReadableBytes { try JSONValue(parsing: $0) }
    }
}
