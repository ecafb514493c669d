internal import NIOCore
internal import ServingModel

/// The answer to requests that are turned away before they are parsed. All of it but the request's name
/// is always the same, so it is composed once.
struct PreparedRefusal {
    private let beforeName: [UInt8]
    private let afterName: [UInt8]

    /// Composes the answer that says `error`.
    init(_ error: ServingError, _ loop: LoopContext) {
        let name = "<request>"
        let exchange = Exchange(.infer, isKeptAlive: true)
        exchange.fields.requestID = name
        let whole = AnswerWriter(
            exchange: exchange, loop: loop, closes: false
        ).failure(error).readableBytesView
        guard let gap = whole.firstRange(of: name.utf8) else {
            preconditionFailure("an answer names its request")
        }
        beforeName = Array(whole[..<gap.lowerBound])
        afterName = Array(whole[gap.upperBound...])
    }

    /// The answer to the request `name`, or to one that its client gave no name.
    func answer(to name: String, _ loop: LoopContext) -> ByteBuffer {
        let text = loop.headText
        text.removeAll()
        text.append(beforeName)
        if name.isEmpty {
            text.appendHexadecimal(loop.nextRequestID())
        } else {
            text.append(text: name)
        }
        text.append(afterName)
        var answer = loop.answerBuffers.take(capacity: text.count)
        answer.writeBytes(text.bytes)
        return answer
    }
}
