internal import GatewayCore
internal import NIOCore
internal import ServingModel
internal import ServingRuntime

/// Writes whole HTTP/1.1 answers to infer requests: status line, fields, body, in one buffer.
struct AnswerWriter {
    let exchange: Exchange
    let allocator: ByteBufferAllocator
    let closes: Bool

    /// An answer with the model's outputs.
    func success(_ response: InferenceResponse, _ model: ModelHandle, scratch: inout ByteBuffer)
        -> ByteBuffer
    {
        scratch.clear()
        let encoder = InferEncoder(model, response)
        let binary = encoder.json(id: exchange.id, outputs: exchange.outputs, into: &scratch)
        if let coding = exchange.accepts,
            let answer = compressed(coding, response, binary, scratch)
        {
            return answer
        }
        let jsonLength = scratch.readableBytes
        let length = jsonLength + binary.count
        var answer = allocator.buffer(capacity: length + 512)
        answer.writeStaticString("HTTP/1.1 200 OK\r\n")
        writeContent(length: length, jsonLength: binary.tensors.isEmpty ? nil : jsonLength, &answer)
        writeCommon(&answer)
        writeTiming(response, &answer)
        answer.writeStaticString("\r\n")
        answer.writeImmutableBuffer(scratch)
        for tensor in binary.tensors { answer.writeBytes(tensor) }
        return answer
    }

    private func compressed(
        _ coding: ContentCoding, _ response: InferenceResponse, _ binary: InferEncoder.Binary,
        _ json: ByteBuffer
    ) -> ByteBuffer? {
        var plain = json
        for tensor in binary.tensors { plain.writeBytes(tensor) }
        guard let body = coding.compress(plain, with: allocator) else { return nil }
        var answer = allocator.buffer(capacity: body.readableBytes + 512)
        answer.writeStaticString("HTTP/1.1 200 OK\r\nContent-Encoding: ")
        answer.writeString(coding.rawValue)
        answer.writeStaticString("\r\nVary: Accept-Encoding\r\n")
        writeContent(
            length: body.readableBytes,
            jsonLength: binary.tensors.isEmpty ? nil : json.readableBytes, &answer)
        writeCommon(&answer)
        writeTiming(response, &answer)
        answer.writeStaticString("\r\n")
        answer.writeImmutableBuffer(body)
        return answer
    }

    /// An answer that says what went wrong.
    func failure(_ error: ServingError, status: Int? = nil) -> ByteBuffer {
        let status = status ?? ErrorTable.status(of: error.code).http
        var body = allocator.buffer(capacity: error.message.utf8.count + 32)
        body.writeStaticString("{\"error\":")
        body.writeJSONString(error.message)
        body.writeInteger(UInt8(ascii: "}"))
        var answer = allocator.buffer(capacity: body.readableBytes + 320)
        answer.writeStaticString("HTTP/1.1 ")
        answer.writeDecimal(status)
        answer.writeInteger(UInt8(ascii: " "))
        answer.writeString(Self.reason(of: status))
        answer.writeStaticString("\r\n")
        writeContent(length: body.readableBytes, jsonLength: nil, &answer)
        writeCommon(&answer)
        for header in ErrorTable.headers(of: error) {
            answer.writeString(header.name)
            answer.writeStaticString(": ")
            answer.writeString(header.value)
            answer.writeStaticString("\r\n")
        }
        answer.writeStaticString("\r\n")
        answer.writeImmutableBuffer(body)
        return answer
    }

    private func writeContent(length: Int, jsonLength: Int?, _ answer: inout ByteBuffer) {
        if let jsonLength {
            answer.writeStaticString(
                "Content-Type: application/octet-stream\r\nInference-Header-Content-Length: ")
            answer.writeDecimal(jsonLength)
        } else {
            answer.writeStaticString("Content-Type: application/json")
        }
        answer.writeStaticString("\r\nContent-Length: ")
        answer.writeDecimal(length)
        answer.writeStaticString("\r\n")
    }

    private func writeCommon(_ answer: inout ByteBuffer) {
        answer.writeStaticString("x-request-id: ")
        answer.writeString(exchange.requestID)
        answer.writeStaticString("\r\n")
        if closes { answer.writeStaticString("Connection: close\r\n") }
    }

    private func writeTiming(_ response: InferenceResponse, _ answer: inout ByteBuffer) {
        answer.writeStaticString("Server-Timing: queue;dur=")
        answer.writeThousandths(response.queued.nanoseconds / 1_000)
        answer.writeStaticString(", batch;dur=")
        answer.writeThousandths(response.batch.assembly.nanoseconds / 1_000)
        answer.writeStaticString(", compute;dur=")
        answer.writeThousandths(response.batch.compute.nanoseconds / 1_000)
        answer.writeStaticString("\r\nx-headway-batch-size: ")
        answer.writeDecimal(response.batch.rows)
        answer.writeStaticString("\r\n")
    }

    private static func reason(of status: Int) -> String {
        switch status {
        case 400: "Bad Request"
        case 401: "Unauthorized"
        case 403: "Forbidden"
        case 404: "Not Found"
        case 405: "Method Not Allowed"
        case 408: "Request Timeout"
        case 413: "Content Too Large"
        case 429: "Too Many Requests"
        case 431: "Request Header Fields Too Large"
        case 499: "Client Closed Request"
        case 501: "Not Implemented"
        case 503: "Service Unavailable"
        case 504: "Gateway Timeout"
        default: "Internal Server Error"
        }
    }
}
