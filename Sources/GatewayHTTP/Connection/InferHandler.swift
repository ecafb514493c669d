internal import GatewayCore
internal import NIOCore
internal import NIOHTTP1
internal import NIOHTTPTypesHTTP1
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
    static let pipelineLimit = 128

    let catalog: ModelCatalog?
    let loop: LoopContext
    let wire: WireHandler
    let limits: ConnectionLimits
    let clock = MonotonicClock()
    var unsent = UnsentBytes()

    var context: ChannelHandlerContext?
    var exchanges = CircularBuffer<Exchange>()
    /// The request that is coming in.
    var incoming: Exchange?
    var isReadPending = false
    /// The client takes its answers: there are few bytes that wait to be sent.
    var isTaking = true
    var isQuiescing = false
    /// Nothing that still comes in will be answered.
    var isClosing = false

    /// Waits for the router's end of the pipeline.
    private var attendance: EventLoopPromise<RouterChannel?>?

    init(catalog: ModelCatalog?, loop: LoopContext, wire: WireHandler, limits: ConnectionLimits) {
        self.catalog = catalog
        self.loop = loop
        self.wire = wire
        self.limits = limits
    }

    // MARK: Life of the connection

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        loop.watch(self)
        limits.ledger.opened()
    }

    /// Somebody serves this connection: reading begins.
    func attend(_ promise: EventLoopPromise<RouterChannel?>) {
        guard let context, context.channel.isActive else { return promise.succeed(nil) }
        attendance = promise
        try? context.channel.syncOptions?.setOption(.autoRead, value: true)
        context.read()
    }

    /// Adds the router's end of the pipeline, once.
    func addRouter() throws {
        guard let context, let promise = attendance else { return }
        attendance = nil
        do {
            let channel = context.channel
            try channel.pipeline.syncOperations.addHandler(HTTP1ToHTTPServerCodec(secure: false))
            promise.succeed(
                try RouterChannel(
                    wrappingChannelSynchronously: channel,
                    configuration: .init(isOutboundHalfClosureEnabled: true)))
        } catch {
            promise.fail(error)
            throw error
        }
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        abandon()
        self.context = nil
        loop.forget(self)
        limits.ledger.closed()
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
            exchange.giveBack(to: limits.ledger)
            exchange.release()
            for held in exchange.parts { held.promise?.fail(ChannelError.ioOnClosedChannel) }
        }
        exchanges.removeAll()
        incoming = nil
        attendance?.succeed(nil)
        attendance = nil
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
        guard let context else { return }
        let pending = (try? context.channel.syncOptions?.getOption(.bufferedWritableBytes)) ?? 0
        guard unsent.waited(pending, at: now) <= .nanoseconds(limits.writeTimeout) else {
            limits.ledger.cutSlowReader()
            context.close(promise: nil)
            return
        }
        guard !isClosing || exchanges.isEmpty else { return }
        if !mayRead { wire.forgive(at: now) }
        if let since = wire.partialSince,
            now - since > .nanoseconds(limits.uploadTime(of: wire.partialBytes))
        {
            if !isClosing { limits.ledger.cutSlowSender() }
            refuseConnection(
                ServingError(.invalidArgument, "the request did not arrive in time"), status: 408)
        } else if exchanges.isEmpty, wire.partialSince == nil, pending == 0 {
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
}

/// Since when a client takes nothing of what waits to be sent to it.
struct UnsentBytes {
    private var count = 0
    private var since = NIODeadline.distantPast

    /// The client took enough for more to be written.
    mutating func moved() { count = 0 }

    /// For how long the client has taken nothing, when `pending` bytes wait now.
    mutating func waited(_ pending: Int, at now: NIODeadline) -> TimeAmount {
        // More may have been written meanwhile; less means that some were taken.
        if pending == 0 || count == 0 || pending < count { since = now }
        count = pending
        return now - since
    }
}

extension TimeAmount {
    /// A span of ours as one of the network library's.
    fileprivate static func nanoseconds(_ interval: Interval) -> TimeAmount {
        .nanoseconds(Int64(clamping: interval.nanoseconds))
    }
}
