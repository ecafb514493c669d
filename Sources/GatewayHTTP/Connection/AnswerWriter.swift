internal import GatewayCore
internal import NIOCore
internal import ServingModel
internal import ServingRuntime

/// Writes whole HTTP/1.1 answers to infer requests: status line, fields, body, in one buffer.
struct AnswerWriter {
    let exchange: Exchange
    let loop: LoopContext
    let closes: Bool

    /// An answer with the model's outputs.
    func success(_ response: InferenceResponse, _ model: ModelHandle) -> ByteBuffer {
        let json = loop.bodyText
        json.removeAll()
        let binary = InferEncoder(model: model, response: response).json(
            id: exchange.id, outputs: exchange.outputs, into: json)
        // The tensors are views: what was made for this answer must outlive the copying below.
        defer { withExtendedLifetime((binary, response)) {} }
        let jsonLength = binary.tensors.isEmpty ? nil : json.count
        if let coding = exchange.fields.accepts {
            for tensor in binary.tensors { json.append(tensor) }
            let plain = ByteBuffer(bytes: json.bytes)
            if let body = coding.compress(plain, with: loop.allocator) {
                let head = beginSuccess(response, length: body.readableBytes, jsonLength, coding)
                return assemble(head, body.readableBytesView, [])
            }
            let head = beginSuccess(response, length: json.count, jsonLength, nil)
            return assemble(head, json.bytes, [])
        }
        let head = beginSuccess(response, length: json.count + binary.count, jsonLength, nil)
        return assemble(head, json.bytes, binary.tensors)
    }

    /// An answer that says what went wrong.
    func failure(_ error: ServingError, status: Int? = nil) -> ByteBuffer {
        let status = status ?? ErrorTable.status(of: error.code).http
        let body = loop.bodyText
        body.removeAll()
        body.append("{\"error\":")
        body.appendJSON(error.message)
        body.append(UInt8(ascii: "}"))
        let head = loop.headText
        head.removeAll()
        head.append("HTTP/1.1 ")
        head.appendDecimal(status)
        head.append(UInt8(ascii: " "))
        head.append(Self.reason(of: status))
        head.append("\r\n")
        appendContent(length: body.count, jsonLength: nil, to: head)
        appendCommon(to: head)
        appendHeaders(of: error, to: head)
        head.append("\r\n")
        return assemble(head, body.bytes, [])
    }

    private func beginSuccess(
        _ response: InferenceResponse, length: Int, _ jsonLength: Int?, _ coding: ContentCoding?
    ) -> TextBuffer {
        let head = loop.headText
        head.removeAll()
        head.append("HTTP/1.1 200 OK\r\n")
        if let coding {
            head.append("Content-Encoding: ")
            head.append(text: coding.rawValue)
            head.append("\r\nVary: Accept-Encoding\r\n")
        }
        appendContent(length: length, jsonLength: jsonLength, to: head)
        appendCommon(to: head)
        appendTiming(response, to: head)
        head.append("\r\n")
        return head
    }

    private func assemble(
        _ head: TextBuffer, _ body: some Collection<UInt8>, _ tensors: [UnsafeRawBufferPointer]
    ) -> ByteBuffer {
        let size = tensors.reduce(head.count + body.count) { $0 + $1.count }
        var answer = loop.answerBuffers.take(capacity: size)
        answer.writeBytes(head.bytes)
        answer.writeBytes(body)
        for tensor in tensors { answer.writeBytes(tensor) }
        return answer
    }

    private func appendHeaders(of error: ServingError, to head: TextBuffer) {
        // By far the commonest refusal under load; its fields never differ.
        if error.code == .deadlineExceeded { return head.append("x-should-retry: false\r\n") }
        for header in ErrorTable.headers(of: error) {
            head.append(text: header.name)
            head.append(": ")
            head.append(text: header.value)
            head.append("\r\n")
        }
    }

    private func appendContent(length: Int, jsonLength: Int?, to head: TextBuffer) {
        if let jsonLength {
            head.append(
                "Content-Type: application/octet-stream\r\nInference-Header-Content-Length: ")
            head.appendDecimal(jsonLength)
        } else {
            head.append("Content-Type: application/json")
        }
        head.append("\r\nContent-Length: ")
        head.appendDecimal(length)
        head.append("\r\nx-request-id: ")
    }

    private func appendCommon(to head: TextBuffer) {
        switch exchange.label?.name {
        case .number(let number): head.appendHexadecimal(number)
        case .text, nil:
            if exchange.fields.requestID.isEmpty {
                head.appendHexadecimal(loop.nextRequestID())
            } else {
                head.append(text: exchange.fields.requestID)
            }
        }
        head.append("\r\n")
        if let trace = exchange.label?.trace {
            head.append("traceparent: ")
            head.append(text: trace.field)
            head.append("\r\n")
        }
        if closes { head.append("Connection: close\r\n") }
    }

    private func appendTiming(_ response: InferenceResponse, to head: TextBuffer) {
        head.append("Server-Timing: queue;dur=")
        head.appendThousandths(response.queued.nanoseconds / 1_000)
        head.append(", batch;dur=")
        head.appendThousandths(response.batch.assembly.nanoseconds / 1_000)
        head.append(", compute;dur=")
        head.appendThousandths(response.batch.compute.nanoseconds / 1_000)
        head.append("\r\nx-headway-batch-size: ")
        head.appendDecimal(response.batch.rows)
        if let variant = response.batch.variant {
            head.append("\r\nx-headway-variant: ")
            head.append(text: variant)
        }
        head.append("\r\n")
    }

    private static func reason(of status: Int) -> StaticString {
        switch status {
        case 400: "Bad Request"
        case 401: "Unauthorized"
        case 403: "Forbidden"
        case 404: "Not Found"
        case 405: "Method Not Allowed"
        case 408: "Request Timeout"
        case 413: "Content Too Large"
        case 429: "Too Many Requests"
        case 499: "Client Closed Request"
        case 501: "Not Implemented"
        case 503: "Service Unavailable"
        case 504: "Gateway Timeout"
        default: "Internal Server Error"
        }
    }
}
