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
        let encoder = JSONEncoder()
        encoder.keyEncodingStrategy = .convertToSnakeCase
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return text(
            ByteBuffer(bytes: try encoder.encode(value)), "application/json", status: status)
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

    /// An answer that says what went wrong.
    static func failure(_ error: ServingError) -> Response {
        let status = HTTPResponse.Status(code: ErrorTable.status(of: error.code).http)
        let body = TextBuffer(capacity: error.message.utf8.count + 64)
        body.append("{\"error\":")
        body.appendJSON(error.message)
        body.append("}")
        var response = text(ByteBuffer(bytes: body.bytes), "application/json", status: status)
        for header in ErrorTable.headers(of: error) {
            if let name = HTTPField.Name(header.name) { response.headers[name] = header.value }
        }
        return response
    }
}
