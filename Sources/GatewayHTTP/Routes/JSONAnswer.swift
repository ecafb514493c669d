internal import Foundation
internal import GatewayCore
internal import HTTPTypes
internal import Hummingbird
internal import NIOCore
internal import ServingModel

/// Answers of the routes that are not hot.
enum JSONAnswer {
    /// An answer with `value` as its body.
    static func of(_ value: some Encodable, status: HTTPResponse.Status = .ok) throws -> Response {
        text(
            ByteBuffer(bytes: try encoder.encode(value)), "application/json", status: status)
    }

    /// Writes members in snake case, sorted.
    static var encoder: JSONEncoder {
        let encoder = JSONEncoder()
        encoder.keyEncodingStrategy = .convertToSnakeCase
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return encoder
    }

    /// An answer with a ready-made body.
    static func text(
        _ body: ByteBuffer, _ contentType: String, status: HTTPResponse.Status = .ok
    ) -> Response {
        Response(
            status: status, headers: [.contentType: contentType], body: .init(byteBuffer: body))
    }

    /// An answer without content, as the health routes give.
    static func empty(_ status: HTTPResponse.Status) -> Response {
        Response(status: status, headers: [.contentLength: "0"])
    }

    /// An answer that says what went wrong, in the form of the protocol that `path` belongs to.
    static func failure(_ problem: RequestProblem, at path: String) -> Response {
        let error = problem.error
        let status = HTTPResponse.Status(code: ErrorTable.status(of: error.code).http)
        let body =
            OpenAIRoutes.owns(path)
            ? problem.body : JSONWriter.object { $0.member("error", error.message) }
        var response = text(body.bytes, "application/json", status: status)
        for header in ErrorTable.headers(of: error) {
            if let name = HTTPField.Name(header.name) { response.headers[name] = header.value }
        }
        return response
    }
}
