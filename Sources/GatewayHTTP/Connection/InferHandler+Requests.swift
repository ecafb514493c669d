internal import GatewayCore
internal import NIOCore
internal import NIOHTTP1
internal import ServingModel
internal import ServingRuntime

/// Requests on their way in.
extension InferHandler {
    func read(context: ChannelHandlerContext) {
        if mayRead {
            context.read()
        } else {
            isReadPending = true
        }
    }

    /// A client that does not take its answers gets no more of them: its requests stay in its socket.
    var mayRead: Bool {
        exchanges.count < Self.pipelineLimit && isTaking
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        isTaking = context.channel.isWritable
        if isTaking { unsent.moved() }
        resumeReading()
        context.fireChannelWritabilityChanged()
    }

    /// Goes on reading if that was held up and need not be any more.
    func resumeReading() {
        guard isReadPending, mayRead else { return }
        isReadPending = false
        context?.read()
    }

    // MARK: Framed by the wire handler

    /// Reads the head at the start of `buffer`. Begins an infer request, or refuses it, or tells how long
    /// another request is; `nil` when the library's decoder has to look at it.
    func begin(_ buffer: ByteBuffer, maxHeaderBytes: Int) -> FramedRequest? {
        buffer.withUnsafeReadableBytes { bytes in
            // Fields are read into an exchange on the chance that it is an infer request.
            let exchange = takeExchange()
            if let catalog, let known = loop.knownHead(of: bytes, in: catalog) {
                exchange.fields = known.fields
                exchange.model = known.model
                exchange.isKeptAlive = known.isKeptAlive && !isQuiescing
                return begin(exchange, bytes, head: known.length, known.contentLength)
            }
            let reading = WireHead.read(bytes, limit: maxHeaderBytes) { name, value in
                exchange.fields.read(name, value)
            }
            guard case .plain(let head) = reading else { return nil }
            guard let catalog, head.isPost, InferRoute.mayBe(head.target) else {
                loop.putBack(exchange)
                return .other(head: head.length, contentLength: head.contentLength)
            }
            exchange.refusal = exchange.fields.problem
            attribute(exchange, head, catalog)
            if let model = exchange.model, exchange.refusal == nil, exchange.fields.isRepeatable,
                head.length <= KnownHead.maxBytes
            {
                let read = UnsafeRawBufferPointer(rebasing: bytes[..<head.length])
                loop.remember(KnownHead(read, head, exchange.fields, model: model), in: catalog)
            }
            return begin(exchange, bytes, head: head.length, head.contentLength)
        }
    }

    /// Goes on with an infer request whose head has been understood.
    private func begin(
        _ exchange: Exchange, _ bytes: UnsafeRawBufferPointer, head: Int, _ contentLength: Int
    ) -> FramedRequest {
        let length = head + contentLength
        if length <= bytes.count {
            let body = UnsafeRawBufferPointer(rebasing: bytes[head..<length])
            if refuses(exchange, body) {
                loop.putBack(exchange)
                return .refused(length: length)
            }
        }
        admit(exchange)
        return .infer(head: head, contentLength: contentLength)
    }

    /// Finds out which model the request is for.
    private func attribute(_ exchange: Exchange, _ head: WireHead, _ catalog: ModelCatalog) {
        do throws(ServingError) {
            exchange.model = try loop.model(target: head.target, in: catalog) {
                () throws(ServingError) in
                guard let route = InferRoute(target: String(decoding: head.target, as: UTF8.self))
                else { throw ServingError(.notFound, "there is nothing at this path") }
                exchange.route = route
                return try catalog.find(route.model, version: try exchange.requestedVersion())
            }
        } catch {
            exchange.refusal = exchange.refusal ?? error
        }
        exchange.isKeptAlive = head.isKeptAlive && !isQuiescing
        exchange.announce(length: head.contentLength)
    }

    /// Answers a request at once, where its bytes lie, if it will be late whatever they say. Under
    /// overload most requests end here, so this makes no object and holds on to no memory. Whatever is
    /// not simple goes the long way, and is judged there again.
    private func refuses(_ exchange: Exchange, _ body: UnsafeRawBufferPointer) -> Bool {
        guard !isClosing, exchange.isKeptAlive, exchanges.isEmpty, exchange.refusal == nil,
            exchange.fields.encoding == nil, let model = exchange.model,
            !mayHoldQualityOfService(body.prefix(exchange.fields.headerLength ?? body.count), model)
        else { return false }
        let arrival = clock.now()
        guard let promise = try? model.quality.promise(exchange.fields.wish, arrival: arrival)
        else {
            return false
        }
        guard model.served.turnsAway(promise.priorityClass, deadline: promise.deadline) else {
            exchange.isLetIn = true
            return false
        }
        noteTurnedAway(exchange, model, promise, arrival)
        wire.write(loop.outOfReach(exchange.fields.requestID))
        loop.flushLater(wire)
        return true
    }

    /// Whether the JSON part may ask for a priority or a timeout; one that was read before need not be
    /// searched.
    private func mayHoldQualityOfService(
        _ json: Slice<UnsafeRawBufferPointer>, _ model: ModelHandle
    ) -> Bool {
        loop.wish(in: UnsafeRawBufferPointer(rebasing: json), of: model).map {
            $0 != QualityOfService()
        } ?? json.mayHoldQualityOfService
    }

    /// Remembers a request that is turned away, if its client gave it a name to ask by: a name that the
    /// answer alone knows is not worth the time while there is too little of it.
    private func noteTurnedAway(
        _ exchange: Exchange, _ model: ModelHandle, _ promise: Promise, _ arrival: Instant
    ) {
        guard !exchange.fields.requestID.isEmpty else { return }
        model.served.noteTurnedAway(
            RequestLabel(name: .text(exchange.fields.requestID)), promise.priorityClass,
            arrival: arrival, deadline: promise.deadline)
    }

    private func admit(_ exchange: Exchange) {
        guard !isClosing else { return }
        exchanges.append(exchange)
        incoming = exchange
        if exchange.refusal?.code == .payloadTooLarge { refuseIncoming(exchange) }
    }

    /// A piece of the body of the infer request that comes in.
    func append(_ piece: ByteBuffer) {
        guard !isClosing, let incoming else { return }
        // Of a request that will be refused nothing is kept.
        if incoming.refusal == nil, !incoming.reserve(piece.readableBytes, in: limits.ledger) {
            incoming.refusal = .tooManyBodies
            return refuseIncoming(incoming)
        }
        incoming.append(piece)
        if incoming.refusal?.code == .payloadTooLarge { refuseIncoming(incoming) }
    }

    /// The infer request has come in.
    func end() {
        guard !isClosing, let ended = incoming else { return }
        incoming = nil
        ended.giveBack(to: limits.ledger)
        handle(ended)
    }

    private func takeExchange() -> Exchange {
        let exchange = loop.takeExchange()
        exchange.handler = self
        exchange.bodyLimit = limits.maxBodyBytes
        return exchange
    }

    // MARK: Framed by the library's decoder

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard !isClosing else { return }
        switch unwrapInboundIn(data) {
        case .head(let head):
            begin(head)
            if incoming?.kind == .routed { context.fireChannelRead(data) }
        case .body(let chunk):
            if let incoming, incoming.kind == .routed {
                guard incoming.reserve(chunk.readableBytes, in: limits.ledger) else {
                    return refuseRouted(incoming)
                }
                context.fireChannelRead(data)
            } else {
                append(chunk)
            }
        case .end:
            wire.requestEnded()
            if incoming?.kind == .routed {
                incoming?.giveBack(to: limits.ledger)
                incoming = nil
                context.fireChannelRead(data)
            } else {
                end()
            }
        }
    }

    private func begin(_ head: HTTPRequestHead) {
        guard catalog != nil, head.method == .POST, let route = InferRoute(target: head.uri) else {
            let exchange = Exchange(.routed, isKeptAlive: head.isKeepAlive)
            exchanges.append(exchange)
            incoming = exchange
            do {
                try addRouter()
            } catch {
                context?.close(promise: nil)
            }
            if head.headers.contains(name: "expect") { wire.sendContinue() }
            return
        }
        let exchange = takeExchange()
        exchange.route = route
        exchange.isKeptAlive = head.isKeepAlive && !isQuiescing
        exchanges.append(exchange)
        incoming = exchange
        let expectsContinue = exchange.read(head.headers)
        if exchange.refusal?.code == .payloadTooLarge {
            refuseIncoming(exchange)
        } else if expectsContinue {
            wire.sendContinue()
        }
    }

    // MARK: Whole requests

    /// A whole infer request has come in.
    private func handle(_ exchange: Exchange) {
        do throws(ServingError) {
            if let refusal = exchange.refusal { throw refusal }
            let model = try model(of: exchange)
            if try isTurnedAway(exchange, model) { throw .outOfReach }
            let request = try prepare(exchange, model)
            exchange.request = request
            loop.submit(request, to: model.served)
        } catch {
            finish(exchange, .failure(error))
        }
    }

    /// Whether the request will be late whatever its body says. Only where its body cannot change class
    /// or deadline; a request that is let in here is judged again by the scheduler.
    private func isTurnedAway(
        _ exchange: Exchange, _ model: ModelHandle
    ) throws(ServingError) -> Bool {
        guard !exchange.isLetIn, exchange.fields.encoding == nil, !exchange.mayHoldQualityOfService
        else {
            return false
        }
        let arrival = clock.now()
        let promise = try model.quality.promise(exchange.fields.wish, arrival: arrival)
        guard model.served.turnsAway(promise.priorityClass, deadline: promise.deadline) else {
            return false
        }
        noteTurnedAway(exchange, model, promise, arrival)
        return true
    }

    private func model(of exchange: Exchange) throws(ServingError) -> ModelHandle {
        if let model = exchange.model { return model }
        guard let catalog else { throw ServingError(.notFound, "there is nothing at this path") }
        let model = try catalog.find(
            exchange.route?.model ?? "", version: try exchange.requestedVersion())
        exchange.model = model
        return model
    }

    private func prepare(
        _ exchange: Exchange, _ model: ModelHandle
    ) throws(ServingError) -> InferenceRequest {
        if let coding = exchange.fields.encoding {
            try exchange.inflate(coding, with: loop.allocator)
        }
        let body = try exchange.body()
        let decoded =
            exchange.fields.headerLength == 0
            ? try RawInfer.decode(body, for: model.interface)
            : try loop.decode(body, for: model)
        try exchange.adopt(decoded, model)
        let promise = try model.quality.promise(exchange.fields.wish, arrival: clock.now())
        var owners = decoded.owners
        owners.append(exchange.bodyOwner)
        return InferenceRequest(
            inputs: decoded.inputs, owners: owners, shapes: decoded.shapes, rows: decoded.rows,
            priorityClass: promise.priorityClass, deadline: promise.deadline,
            allowsCheaperVariant: promise.allowsCheaperVariant, sink: loop, context: exchange,
            label: exchange.name(on: loop))
    }
}
