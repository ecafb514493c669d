internal import NIOCore

/// First in the pipeline: sees bytes before they are parsed and writes answers that need no encoder.
///
/// It also remembers since when the connection owes the rest of a request, which is how a client that
/// sends one byte a second is told from one that is merely idle.
final class WireHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer
    typealias OutboundOut = IOData

    private var context: ChannelHandlerContext?

    /// When the first byte of an unfinished request came in.
    private(set) var partialSince: NIODeadline?

    /// When the connection last finished a request, or was accepted.
    private(set) var idleSince = NIODeadline.now()

    func handlerAdded(context: ChannelHandlerContext) { self.context = context }

    func handlerRemoved(context: ChannelHandlerContext) { self.context = nil }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        if partialSince == nil { partialSince = .now() }
        context.fireChannelRead(data)
    }

    /// A whole request has come in.
    func requestEnded() {
        partialSince = nil
    }

    /// The connection has nothing left to answer.
    func becameIdle() {
        idleSince = .now()
    }

    /// Writes bytes as they are.
    func write(_ bytes: ByteBuffer, flush: Bool) {
        guard let context else { return }
        context.write(wrapOutboundOut(.byteBuffer(bytes)), promise: nil)
        if flush { context.flush() }
    }

    /// Tells a client that waits for it to go on and send the body.
    func sendContinue() {
        write(ByteBuffer(staticString: "HTTP/1.1 100 Continue\r\n\r\n"), flush: true)
    }

    /// Sends what was written so far.
    func flush() { context?.flush() }
}
