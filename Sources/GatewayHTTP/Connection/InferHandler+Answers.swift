internal import GatewayCore
internal import NIOCore
internal import NIOHTTP1
internal import ServingModel
internal import ServingRuntime

/// Answers on their way out, in the order of their requests.
extension InferHandler {
    /// The end of an infer request.
    func finish(_ exchange: Exchange, _ result: Result<InferenceResponse, ServingError>) {
        guard !exchange.isFinished else { return }
        let writer = AnswerWriter(
            exchange: exchange, loop: loop, closes: !exchange.isKeptAlive || isQuiescing)
        switch (result, exchange.model) {
        case (.success(let response), .some(let model)):
            exchange.answer = writer.success(response, model)
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
                wire.write(answer)
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
        if hasWritten { loop.flushLater(wire) }
        resumeReading()
    }

    /// Sends what was written and closes: at once when the client has sent all it wanted to, else only
    /// our side, because closing on unread data would destroy the answer on its way.
    private func closeAfterAnswer() {
        isClosing = true
        wire.close(mode: incoming == nil ? .all : .output)
    }

    /// Answers a request whose body will not be read, and ends the connection.
    func refuseIncoming(_ exchange: Exchange) {
        let refusal = exchange.refusal ?? ServingError(.invalidArgument, "refused")
        finishAndClose(exchange, refusal, status: nil)
    }

    /// Answers a request whose body the router reads, if the router has not begun to, and ends the
    /// connection.
    func refuseRouted(_ exchange: Exchange) {
        guard !exchange.hasBegun else {
            context?.close(promise: nil)
            return
        }
        finishAndClose(exchange, .tooManyBodies, status: nil)
    }

    /// Answers what cannot be attributed to a request, and ends the connection.
    func refuseConnection(_ error: ServingError, status: Int? = nil) {
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
            exchanges.append(fresh)
            finishAndClose(fresh, error, status: status)
        }
    }

    private func finishAndClose(_ exchange: Exchange, _ error: ServingError, status: Int?) {
        guard !exchange.isFinished else { return }
        exchange.answer = AnswerWriter(exchange: exchange, loop: loop, closes: true).failure(
            error, status: status)
        exchange.isFinished = true
        exchange.isKeptAlive = false
        exchange.giveBack(to: limits.ledger)
        exchange.release()
        sendWhatIsDue()
    }

    /// The router has nothing more to say. Its last answer may still wait for others to go before it: the
    /// connection ends behind it (``closeAfterAnswer()``).
    func close(context: ChannelHandlerContext, mode: CloseMode, promise: EventLoopPromise<Void>?) {
        let isToCome = exchanges.contains { $0.kind == .routed && $0.isFinished && !$0.isKeptAlive }
        guard mode == .output, isToCome else {
            return context.close(mode: mode, promise: promise)
        }
        promise?.succeed()
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
        exchange.hasBegun = true
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

extension ServingError {
    /// A request whose body would be one too many of those that are coming in.
    static let tooManyBodies = ServingError(
        .overloaded, "too many bytes of other requests are coming in", retryAfter: .seconds(1))
}
