internal import NIOCore

/// First in the pipeline: frames requests, serves infer requests whose bytes are plain without any
/// parser behind it, and writes answers that need no encoder.
///
/// A request whose head is whole and plain (see ``WireHead``) is framed here. If it is an infer request
/// its body goes straight to the ``InferHandler``; if not, exactly its bytes go on to the library's
/// decoder, which therefore stands between two requests afterwards. Anything that is not plain goes to
/// the decoder and stays there: only the decoder knows where such a request ends, so the rest of the
/// connection is its business.
///
/// It also remembers since when the connection owes the rest of a request, which is how a client that
/// sends one byte a second is told from one that is merely idle.
final class WireHandler: ChannelDuplexHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer
    typealias OutboundIn = IOData
    typealias OutboundOut = IOData

    private enum State {
        /// Between two requests.
        case boundary
        /// In the body of an infer request.
        case body(missing: Int)
        /// In the body of a request that the decoder reads.
        case forwarding(missing: Int)
        /// The decoder frames what comes.
        case decoder
    }

    private let maxHeaderBytes: Int
    private let allocator = ByteBufferAllocator()
    private var state = State.boundary
    private var context: ChannelHandlerContext?
    private var outlet: AnswerOutlet?
    private let buffers: AnswerBuffers
    private let isNextToSocket: Bool
    /// Whether handlers behind this one have got any of what is being read.
    private var hasForwarded = false

    /// Takes infer requests. Set once, when the pipeline is built.
    var infer: InferHandler?

    /// When the first byte of an unfinished request came in.
    private(set) var partialSince: NIODeadline? {
        didSet { partialBytes = 0 }
    }

    /// Bytes of it that have come since then.
    private(set) var partialBytes = 0

    /// When the connection last finished a request, or was accepted.
    private(set) var idleSince = NIODeadline.now()

    /// Makes the handler of one connection. `isNextToSocket` says that the bytes written here are those
    /// that the client is to get: nothing stands between to encrypt them, for example.
    init(maxHeaderBytes: Int, buffers: AnswerBuffers, isNextToSocket: Bool) {
        self.maxHeaderBytes = maxHeaderBytes
        self.buffers = buffers
        self.isNextToSocket = isNextToSocket
    }

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        outlet = AnswerOutlet(context, buffers, mayBypass: isNextToSocket)
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        self.context = nil
        outlet = nil
        infer = nil
    }

    // MARK: Reading

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        var buffer = unwrapInboundIn(data)
        if partialSince != nil { partialBytes += buffer.readableBytes }
        // Without `infer` the pipeline is being taken down, and nobody will answer.
        while infer != nil, buffer.readableBytes > 0 {
            switch state {
            case .boundary:
                readHead(&buffer)
            case .body(let missing):
                readBody(&buffer, missing: missing)
            case .forwarding(let missing):
                let part = min(missing, buffer.readableBytes)
                state = part == missing ? .boundary : .forwarding(missing: missing - part)
                forward(&buffer, part)
            case .decoder:
                if partialSince == nil { partialSince = .now() }
                forward(&buffer, buffer.readableBytes)
            }
        }
        // Left to the channel, the wish to read on would pass through every handler behind this one.
        if !hasForwarded, infer?.mayRead == true { context.read() }
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        // Nobody behind this handler has anything to complete if nothing went there.
        guard hasForwarded else { return }
        hasForwarded = false
        context.fireChannelReadComplete()
    }

    private func readHead(_ buffer: inout ByteBuffer) {
        guard let infer else { return }
        guard let request = infer.begin(buffer, maxHeaderBytes: maxHeaderBytes) else {
            state = .decoder
            return
        }
        switch request {
        case .refused(let length):
            buffer.moveReaderIndex(forwardBy: length)
            idleSince = .now()
        case .infer(let head, let contentLength):
            buffer.moveReaderIndex(forwardBy: head)
            if contentLength == 0 {
                infer.end()
            } else {
                state = .body(missing: contentLength)
                if buffer.readableBytes < contentLength { partialSince = .now() }
            }
        case .other(let head, let contentLength):
            let length = head + contentLength
            if buffer.readableBytes < length { partialSince = .now() }
            let part = min(length, buffer.readableBytes)
            state = part == length ? .boundary : .forwarding(missing: length - part)
            forward(&buffer, part)
        }
    }

    private func readBody(_ buffer: inout ByteBuffer, missing: Int) {
        let part = min(missing, buffer.readableBytes)
        // A small part of a large buffer is copied, so that waiting requests do not hold on to memory
        // that the network layer could use again.
        guard let infer, var piece = buffer.readSlice(length: part) else { return }
        if part * 4 < buffer.storageCapacity {
            var copy = allocator.buffer(capacity: part)
            copy.writeBuffer(&piece)
            piece = copy
        }
        state = part == missing ? .boundary : .body(missing: missing - part)
        infer.append(piece)
        if part == missing {
            partialSince = nil
            infer.end()
        }
    }

    private func forward(_ buffer: inout ByteBuffer, _ count: Int) {
        guard let context, let part = buffer.readSlice(length: count) else { return }
        hasForwarded = true
        context.fireChannelRead(wrapInboundOut(part))
    }

    /// A whole request has come through the decoder.
    func requestEnded() {
        partialSince = nil
    }

    /// Nothing was read from the connection for a while: what its client owes, it owes from now on.
    func forgive(at now: NIODeadline) {
        if partialSince != nil { partialSince = now }
    }

    /// The connection has nothing left to answer.
    func becameIdle() {
        idleSince = .now()
    }

    // MARK: Writing

    /// Writes bytes as they are.
    func write(_ bytes: ByteBuffer) { outlet?.write(bytes) }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        guard outlet != nil else { return context.write(data, promise: promise) }
        outlet?.write(data, promise: promise)
    }

    func flush(context: ChannelHandlerContext) {
        guard outlet != nil else { return context.flush() }
        flush()
    }

    func close(context: ChannelHandlerContext, mode: CloseMode, promise: EventLoopPromise<Void>?) {
        // The end of what we send comes after it.
        if mode == .output { flush() }
        context.close(mode: mode, promise: promise)
    }

    /// Tells a client that waits for it to go on and send the body.
    func sendContinue() {
        write(ByteBuffer(staticString: "HTTP/1.1 100 Continue\r\n\r\n"))
        flush()
    }

    /// Closes the connection, or our side of it, once everything written has gone out.
    func close(mode: CloseMode) {
        guard let context else { return }
        flush()
        let sent = context.eventLoop.makePromise(of: Void.self)
        context.writeAndFlush(wrapOutboundOut(.byteBuffer(ByteBuffer())), promise: sent)
        sent.futureResult.assumeIsolated().whenComplete { [weak self] _ in
            self?.context?.close(mode: mode, promise: nil)
        }
    }

    /// Sends what was written so far.
    func flush() { outlet?.flush() }
}

/// How the wire handler goes on after a head.
enum FramedRequest {
    /// An infer request that has been answered already: the length of the whole.
    case refused(length: Int)
    /// An infer request: lengths of its head and its body.
    case infer(head: Int, contentLength: Int)
    /// Any other request: lengths of its head and its body.
    case other(head: Int, contentLength: Int)
}
