internal import CPlatform
internal import NIOCore

/// Sends one connection's answers by the shortest way that keeps their order.
///
/// An answer that is whole goes from its buffer straight to the socket. What the socket does not take at
/// once, and everything that other handlers write, goes through the channel, which waits for the socket;
/// while anything waits there, what comes later waits behind it. Errors are left to the channel, too: it
/// is given what could not be sent, tries again, and closes the connection as ever.
///
/// Confined to the channel's event loop. A class, because what the channel calls while it sends may write
/// again.
final class AnswerOutlet {
    private let context: ChannelHandlerContext
    private let channel: any Channel
    private let buffers: AnswerBuffers
    /// The channel's socket. Only used while the channel is active: it closes its socket and ceases to
    /// be active in one go, so the number cannot belong to another connection by then.
    private let socket: NIOBSDSocket.Handle?
    private var unsent: ByteBuffer?
    /// Whether the channel may still hold bytes that have to go first.
    private var isChannelAhead = false
    /// Whether the channel holds something that it was not told to send.
    private var needsFlush = false

    /// Answers of one turn are joined up to so many bytes; larger ones are not worth the copying.
    private static let joinLimit = 65_536

    /// The outlet behind the first handler of a channel. Where `mayBypass` is false, because something
    /// has yet to change the bytes on their way, the channel sends everything.
    init(_ context: ChannelHandlerContext, _ buffers: AnswerBuffers, mayBypass: Bool) {
        self.context = context
        self.buffers = buffers
        channel = context.channel
        socket =
            mayBypass
            ? try? context.pipeline.syncOperations.withUnsafeTransportIfAvailable(
                of: NIOBSDSocket.Handle.self
            ) { $0 }
            : nil
    }

    /// Takes bytes to be sent with the next flush.
    func write(_ bytes: ByteBuffer) {
        if let unsent, unsent.readableBytes + bytes.readableBytes > Self.joinLimit {
            leaveToChannel()
        }
        guard var joined = unsent.take() else {
            unsent = bytes
            return
        }
        joined.writeImmutableBuffer(bytes)
        unsent = joined
    }

    /// Takes what another handler has written.
    func write(_ data: NIOAny, promise: EventLoopPromise<Void>?) {
        leaveToChannel()
        isChannelAhead = true
        needsFlush = true
        context.write(data, promise: promise)
    }

    /// Sends everything that was written.
    func flush() {
        if unsent != nil {
            if isClear { send() }
            leaveToChannel()
        }
        guard needsFlush else { return }
        needsFlush = false
        context.flush()
    }

    /// Whether nothing has to go before what is unsent.
    private var isClear: Bool {
        if isChannelAhead {
            let waiting = try? channel.syncOptions?.getOption(.bufferedWritableBytes)
            isChannelAhead = waiting != 0
        }
        return !isChannelAhead
    }

    /// Sends what the socket takes at once.
    private func send() {
        guard let socket, channel.isActive, let bytes = unsent else { return }
        let sent = bytes.withUnsafeReadableBytes {
            headway_send_now(socket, $0.baseAddress, $0.count)
        }
        if sent == bytes.readableBytes {
            unsent = nil
            buffers.putBack(bytes)
        } else if sent > 0 {
            unsent?.moveReaderIndex(forwardBy: sent)
        }
    }

    /// Gives the channel what is unsent.
    private func leaveToChannel() {
        guard let bytes = unsent.take() else { return }
        isChannelAhead = true
        needsFlush = true
        context.write(NIOAny(IOData.byteBuffer(bytes)), promise: nil)
    }
}
