internal import GatewayCore
package import HummingbirdCore
package import Logging
package import NIOCore
internal import NIOHTTP1
package import NIOHTTPTypes
internal import NIOHTTPTypesHTTP1
package import ServingModel

/// Limits that every connection keeps.
package struct ConnectionLimits: Sendable {
    /// Largest body of a request, after decompression.
    package var maxBodyBytes: Int
    /// Longest time between the first and the last byte of a request.
    package var headerTimeout: Interval
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
}

/// How an accepted connection is set up: infer requests are served on the event loop by
/// ``InferHandler``; everything else goes on to the router, on the same port.
package struct HTTPConnection: HTTPChannelHandler {
    /// What the router sees of a connection.
    package typealias Value = NIOAsyncChannel<HTTPRequestPart, HTTPResponsePart>

    /// The router.
    package let responder: HTTPChannelHandler.Responder

    private let catalog: ModelCatalog
    private let loops: LoopContexts
    private let limits: ConnectionLimits

    init(
        responder: @escaping HTTPChannelHandler.Responder, catalog: ModelCatalog,
        loops: LoopContexts, limits: ConnectionLimits
    ) {
        self.responder = responder
        self.catalog = catalog
        self.loops = loops
        self.limits = limits
    }

    /// Builds the pipeline of a connection: bytes, HTTP parts, infer, HTTP types, router.
    package func setup(
        channel: any Channel, logger: Logger
    ) -> EventLoopFuture<Value> {
        channel.eventLoop.makeCompletedFuture {
            let wire = WireHandler()
            let pipeline = channel.pipeline.syncOperations
            try pipeline.addHandler(wire)
            var decoder = NIOHTTPDecoderLimitConfiguration()
            decoder.maxHeaderFieldSize = limits.maxHeaderBytes
            decoder.maxHeaderListSize = limits.maxHeaderBytes
            try pipeline.configureHTTPServerPipeline(
                withPipeliningAssistance: false, withErrorHandling: false,
                withOutboundHeaderValidation: false, withEncoderConfiguration: .init(),
                withDecoderLimitConfiguration: decoder)
            try pipeline.addHandler(
                InferHandler(
                    catalog: catalog, loop: loops[channel.eventLoop], wire: wire, limits: limits))
            try pipeline.addHandler(HTTP1ToHTTPServerCodec(secure: false))
            return try NIOAsyncChannel(
                wrappingChannelSynchronously: channel,
                configuration: .init(isOutboundHalfClosureEnabled: true))
        }
    }

    /// Serves what the router takes.
    package func handle(
        value asyncChannel: NIOAsyncChannel<HTTPRequestPart, HTTPResponsePart>, logger: Logger
    ) async {
        await handleHTTP(asyncChannel: asyncChannel, logger: logger)
    }
}
