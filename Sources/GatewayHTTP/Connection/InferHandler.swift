internal import GatewayCore
internal import NIOCore
internal import NIOHTTP1
internal import ServingModel
internal import ServingRuntime

/// Serves infer requests on the event loop and hands every other request on to the router.
///
/// No task, no `await` and no general JSON parser stand between a request and the scheduler. Answers
/// leave in the order of their requests, whichever of the two paths they take: an answer that is ready
/// before its turn is held in its ``Exchange``.
final class InferHandler: ChannelDuplexHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias InboundOut = HTTPServerRequestPart
    typealias OutboundIn = HTTPServerResponsePart
    typealias OutboundOut = HTTPServerResponsePart

    /// Requests that one connection may have under way before reading from it pauses.
    private static let pipelineLimit = 128

    private let catalog: ModelCatalog
    private let loop: LoopContext
    private let wire: WireHandler
    private let limits: ConnectionLimits
    private let clock = MonotonicClock()

    private var context: ChannelHandlerContext?
    private var exchanges = CircularBuffer<Exchange>()
    /// The request that is coming in.
    private var incoming: Exchange?
    private var isReadPending = false
    private var isQuiescing = false
    /// Nothing that still comes in will be answered.
    private var isClosing = false

    init(catalog: ModelCatalog, loop: LoopContext, wire: WireHandler, limits: ConnectionLimits) {
        self.catalog = catalog
        self.loop = loop
        self.wire = wire
        self.limits = limits
    }

    // MARK: Life of the connection

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        loop.watch(self)
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        abandon()
        self.context = nil
        loop.forget(self)
    }

    func channelInactive(context: ChannelHandlerContext) {
        abandon()
        loop.forget(self)
        context.fireChannelInactive()
    }

    /// The client is gone: what still waits for it need not be computed.
    private func abandon() {
        isClosing = true
        for exchange in exchanges {
            if let request = exchange.request, let model = exchange.model {
                loop.cancel(request, of: model.served)
            }
            exchange.release()
            for held in exchange.parts { held.promise?.fail(ChannelError.ioOnClosedChannel) }
        }
        exchanges.removeAll()
        incoming = nil
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        switch event {
        case is ChannelShouldQuiesceEvent:
            isQuiescing = true
            closeIfQuiet()
        case ChannelEvent.inputClosed:
            // A client that closes its sending side has, in practice, gone away.
            context.close(promise: nil)
        default:
            context.fireUserInboundEventTriggered(event)
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        guard error is HTTPParserError else {
            context.close(promise: nil)
            return
        }
        refuseConnection(ServingError(.invalidArgument, "malformed HTTP request: \(error)"))
    }

    /// Closes a connection that takes too long; called about once a second.
    func sweep(at now: NIODeadline) {
        guard let context, !isClosing || exchanges.isEmpty else { return }
        if let since = wire.partialSince, now - since > .nanoseconds(limits.headerTimeout) {
            refuseConnection(
                ServingError(.invalidArgument, "the request did not arrive in time"), status: 408)
        } else if exchanges.isEmpty, wire.partialSince == nil {
            let limit =
                isQuiescing || isClosing
                ? TimeAmount.milliseconds(500) : .nanoseconds(limits.idleTimeout)
            if now - wire.idleSince > limit { context.close(promise: nil) }
        }
    }

    private func closeIfQuiet() {
        // Right after an answer the next request may be under way: the sweep closes what stays quiet.
        if isQuiescing, exchanges.isEmpty, wire.partialSince == nil,
            NIODeadline.now() - wire.idleSince > .milliseconds(500)
        {
            context?.close(promise: nil)
        }
    }

    // MARK: Requests

    func read(context: ChannelHandlerContext) {
        if exchanges.count < Self.pipelineLimit {
            context.read()
        } else {
            isReadPending = true
        }
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard !isClosing else { return }
        let part = unwrapInboundIn(data)
        switch part {
        case .head(let head):
            begin(head)
            if incoming?.kind == .routed { context.fireChannelRead(data) }
        case .body(let chunk):
            guard let incoming else { return }
            if incoming.kind == .routed {
                context.fireChannelRead(data)
            } else {
                incoming.append(chunk)
                if incoming.refusal?.code == .payloadTooLarge { refuseIncoming(incoming) }
            }
        case .end:
            wire.requestEnded()
            guard let ended = incoming else { return }
            incoming = nil
            if ended.kind == .routed {
                context.fireChannelRead(data)
            } else {
                handle(ended)
            }
        }
    }

    private func begin(_ head: HTTPRequestHead) {
        guard head.method == .POST, let route = InferRoute(target: head.uri) else {
            let exchange = Exchange(.routed, isKeptAlive: head.isKeepAlive)
            exchanges.append(exchange)
            incoming = exchange
            if head.headers.contains(name: "expect") { wire.sendContinue() }
            return
        }
        let exchange = Exchange(.infer, isKeptAlive: head.isKeepAlive && !isQuiescing)
        exchange.handler = self
        exchange.route = route
        exchange.bodyLimit = limits.maxBodyBytes
        exchanges.append(exchange)
        incoming = exchange
        let expectsContinue = exchange.read(head.headers)
        if exchange.requestID.isEmpty { exchange.requestID = loop.nextRequestID() }
        if exchange.refusal?.code == .payloadTooLarge {
            refuseIncoming(exchange)
        } else if expectsContinue {
            wire.sendContinue()
        }
    }

    /// A whole infer request has come in.
    private func handle(_ exchange: Exchange) {
        do throws(ServingError) {
            if let refusal = exchange.refusal { throw refusal }
            let request = try prepare(exchange)
            exchange.request = request
            guard let model = exchange.model else { return }
            loop.submit(request, to: model.served)
        } catch {
            finish(exchange, .failure(error))
        }
    }

    private func prepare(_ exchange: Exchange) throws(ServingError) -> InferenceRequest {
        let model = try catalog.find(
            exchange.route?.model ?? "", version: try exchange.requestedVersion())
        exchange.model = model
        if let coding = exchange.encoding {
            try exchange.inflate(coding, with: ByteBufferAllocator())
        }
        let body = try exchange.body()
        let decoded =
            exchange.headerLength == 0
            ? try RawInfer.decode(body, for: model.interface)
            : try InferDecoder.decode(body, for: model.interface)
        try exchange.adopt(decoded, model)
        let promise = try model.quality.promise(exchange.wish, arrival: clock.now())
        var owners = decoded.owners
        owners.append(exchange.bodyOwner)
        return InferenceRequest(
            inputs: decoded.inputs, owners: owners, shapes: decoded.shapes, rows: decoded.rows,
            priorityClass: promise.priorityClass, deadline: promise.deadline, sink: loop,
            context: exchange)
    }

    // MARK: Answers

    /// The end of an infer request.
    func finish(_ exchange: Exchange, _ result: Result<InferenceResponse, ServingError>) {
        guard let context, !exchange.isFinished else { return }
        let writer = AnswerWriter(
            exchange: exchange, allocator: context.channel.allocator,
            closes: !exchange.isKeptAlive || isQuiescing)
        switch (result, exchange.model) {
        case (.success(let response), .some(let model)):
            exchange.answer = writer.success(response, model, scratch: &loop.scratch)
        case (.failure(let error), _):
            exchange.answer = writer.failure(error)
        case (.success, nil):
            preconditionFailure("an answer came for a request that has no model")
        }
        exchange.isFinished = true
        exchange.release()
        sendWhatIsDue()
    }

    /// Sends finished answers from the front of the line.
    private func sendWhatIsDue() {
        var hasWritten = false
        while let first = exchanges.first {
            if let answer = first.answer {
                wire.write(answer, flush: false)
                hasWritten = true
                first.answer = nil
            }
            for held in first.parts {
                context?.write(wrapOutboundOut(held.part), promise: held.promise)
                hasWritten = true
            }
            first.parts.removeAll()
            guard first.isFinished else { break }
            exchanges.removeFirst()
            wire.becameIdle()
            if !first.isKeptAlive || isQuiescing { return closeAfterAnswer() }
        }
        if hasWritten { wire.flush() }
        if isReadPending, exchanges.count < Self.pipelineLimit {
            isReadPending = false
            context?.read()
        }
    }

    /// Sends what was written and closes: at once when the client has sent all it wanted to, else only
    /// our side, because closing on unread data would destroy the answer on its way.
    private func closeAfterAnswer() {
        wire.flush()
        isClosing = true
        if incoming == nil {
            context?.close(promise: nil)
        } else {
            context?.close(mode: .output, promise: nil)
        }
    }

    /// Answers a request whose body will not be read, and ends the connection.
    private func refuseIncoming(_ exchange: Exchange) {
        let refusal = exchange.refusal ?? ServingError(.invalidArgument, "refused")
        finishAndClose(exchange, refusal, status: nil)
    }

    /// Answers what cannot be attributed to a request, and ends the connection.
    private func refuseConnection(_ error: ServingError, status: Int? = nil) {
        guard !isClosing else {
            context?.close(promise: nil)
            return
        }
        let exchange = incoming?.kind == .infer ? incoming : nil
        if let exchange {
            finishAndClose(exchange, error, status: status)
        } else if incoming != nil {
            // The router has begun to answer, or is about to: it learns that there will be no more.
            context?.close(promise: nil)
        } else {
            let fresh = Exchange(.infer, isKeptAlive: false)
            fresh.requestID = loop.nextRequestID()
            exchanges.append(fresh)
            finishAndClose(fresh, error, status: status)
        }
    }

    private func finishAndClose(_ exchange: Exchange, _ error: ServingError, status: Int?) {
        guard let context, !exchange.isFinished else { return }
        exchange.answer = AnswerWriter(
            exchange: exchange, allocator: context.channel.allocator, closes: true
        ).failure(error, status: status)
        exchange.isFinished = true
        exchange.isKeptAlive = false
        exchange.release()
        sendWhatIsDue()
    }

    // MARK: The router's answers

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        let part = unwrapOutboundIn(data)
        guard
            let index = exchanges.firstIndex(where: { $0.kind == .routed && !$0.isFinished })
        else {
            context.write(data, promise: promise)
            return
        }
        let exchange = exchanges[index]
        switch part {
        case .head(var head):
            if !exchange.isKeptAlive || isQuiescing {
                head.headers.replaceOrAdd(name: "Connection", value: "close")
            }
            exchange.parts.append((.head(head), promise))
        case .body:
            exchange.parts.append((part, promise))
        case .end:
            exchange.parts.append((part, promise))
            exchange.isFinished = true
        }
        if index == exchanges.startIndex { sendWhatIsDue() }
    }
}

extension TimeAmount {
    /// A span of ours as one of the network library's.
    fileprivate static func nanoseconds(_ interval: Interval) -> TimeAmount {
        .nanoseconds(Int64(clamping: interval.nanoseconds))
    }
}
