internal import GatewayCore
internal import HummingbirdCore
internal import Logging
internal import NIOCore
internal import NIOHTTP1
internal import NIOHTTPTypes
package import ServingModel

/// Limits that every connection keeps.
package struct ConnectionLimits: Sendable {
    /// Largest body of a request, after decompression.
    package var maxBodyBytes: Int
    /// Longest time between the first and the last byte of a request whose body is small.
    package var headerTimeout: Interval
    /// Bytes of a second by which a longer request may take longer.
    package var minUploadRate = 16_384
    /// Longest time for which a client takes nothing of what is to be sent to it.
    package var writeTimeout = Interval.seconds(30)
    /// What all connections hold together.
    package var ledger = ConnectionLedger()
    /// Longest time without a request.
    package var idleTimeout: Interval
    /// Largest size of all header fields of a request.
    package var maxHeaderBytes: Int

    /// Makes limits; see the properties.
    package init(
        maxBodyBytes: Int, headerTimeout: Interval, idleTimeout: Interval, maxHeaderBytes: Int
    ) {
        self.maxBodyBytes = maxBodyBytes
        self.headerTimeout = headerTimeout
        self.idleTimeout = idleTimeout
        self.maxHeaderBytes = maxHeaderBytes
    }

    /// The time that a request may take whose first `bytes` have come.
    func uploadTime(of bytes: Int) -> Interval {
        headerTimeout + .milliseconds(UInt64(bytes) * 1_000 / UInt64(max(minUploadRate, 1)))
    }
}

/// How an accepted connection is set up: infer requests are served on the event loop by
/// ``InferHandler``; everything else goes on to the router, on the same port.
///
/// The router's part of the pipeline is added with the first request that needs it. A connection that
/// only infers never pays for it, and one that is accepted while the server stops never has an
/// asynchronous channel that nobody serves.
struct HTTPConnection: HTTPChannelHandler {
    let responder: HTTPChannelHandler.Responder
    /// The models; `nil` on a port that serves no inference.
    let catalog: ModelCatalog?
    let loops: LoopContexts
    let limits: ConnectionLimits

    /// A connection whose requests are not read before somebody serves them.
    struct Value: ServerChildChannelValue {
        let channel: any Channel
        let handler: NIOLoopBound<InferHandler>
    }

    /// Builds the pipeline of a connection: bytes, HTTP parts, infer.
    func setup(channel: any Channel, logger: Logger) -> EventLoopFuture<Value> {
        channel.eventLoop.makeCompletedFuture {
            try channel.syncOptions?.setOption(.autoRead, value: false)
            let loop = loops[channel.eventLoop]
            // This port speaks plain HTTP: whoever puts a handler before this one has to say so here.
            let wire = WireHandler(
                maxHeaderBytes: limits.maxHeaderBytes, buffers: loop.answerBuffers,
                isNextToSocket: true)
            let pipeline = channel.pipeline.syncOperations
            try pipeline.addHandler(wire)
            var decoder = NIOHTTPDecoderLimitConfiguration()
            decoder.maxHeaderFieldSize = limits.maxHeaderBytes
            decoder.maxHeaderListSize = limits.maxHeaderBytes
            try pipeline.configureHTTPServerPipeline(
                withPipeliningAssistance: false, withErrorHandling: false,
                withOutboundHeaderValidation: false, withEncoderConfiguration: .init(),
                withDecoderLimitConfiguration: decoder)
            let infer = InferHandler(catalog: catalog, loop: loop, wire: wire, limits: limits)
            wire.infer = infer
            try pipeline.addHandler(infer)
            return Value(
                channel: channel, handler: NIOLoopBound(infer, eventLoop: channel.eventLoop))
        }
    }

    /// Serves what the router takes, if there is any such request before the connection closes.
    @concurrent
    func handle(value: Value, logger: Logger) async {
        let attendance = value.channel.eventLoop.makePromise(of: RouterChannel?.self)
        value.channel.eventLoop.execute { value.handler.value.attend(attendance) }
        guard let router = try? await attendance.futureResult.get() else { return }
        await handleHTTP(asyncChannel: router, logger: logger)
    }
}

/// The router's end of a connection.
typealias RouterChannel = NIOAsyncChannel<HTTPRequestPart, HTTPResponsePart>
