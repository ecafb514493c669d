internal import GatewayCore
internal import NIOCore
internal import NIOHTTP1
internal import ServingModel
internal import ServingRuntime

/// One request and its answer on one connection. Confined to the connection's event loop; the runtime
/// only carries it along.
final class Exchange {
    enum Kind {
        /// Handled here, on the event loop.
        case infer
        /// Handled by the router behind this handler.
        case routed
    }

    let kind: Kind
    var isKeptAlive: Bool
    /// The connection, until the exchange is over.
    var handler: InferHandler?

    // What came in, of an infer request.
    var route: InferRoute?
    var fields = InferFields()
    var bodyLimit = Int.max
    private(set) var chunks: [ByteBuffer] = []
    private(set) var byteCount = 0
    /// Bytes of the body that have come, whoever has them.
    private var received = 0
    /// For how many of them there is room in the ledger.
    private var reserved = 0

    /// Whether its class and deadline have been judged, and found possible, before its body was read.
    var isLetIn = false

    /// Why the request will be refused as soon as it has come in.
    var refusal: ServingError?

    // What it became.
    var model: ModelHandle?
    var id: String?
    var outputs: [RequestedOutput] = []
    var request: InferenceRequest?
    /// What the request is called, once it is known to be answered by a model.
    var label: RequestLabel?

    // What goes out, as long as earlier exchanges are not through.
    var answer: ByteBuffer?
    var parts: [(part: HTTPServerResponsePart, promise: EventLoopPromise<Void>?)] = []
    var isFinished = false
    /// Whether the router has answered anything.
    var hasBegun = false

    init(_ kind: Kind, isKeptAlive: Bool) {
        self.kind = kind
        self.isKeptAlive = isKeptAlive
    }

    /// Forgets the head that was read into it, so that it can serve another request.
    func forget() {
        handler = nil
        route = nil
        fields = InferFields()
        label = nil
        isLetIn = false
        refusal = nil
        model = nil
    }

    /// Adds a piece of the body. The JSON part is gathered in one buffer, because it is parsed as a
    /// whole; what follows stays in the pieces in which it came, because it is copied into a batch.
    func append(_ chunk: ByteBuffer) {
        byteCount += chunk.readableBytes
        guard refusal == nil else { return }
        guard byteCount <= bodyLimit else {
            refusal = .payloadTooLarge(limit: bodyLimit)
            chunks = []
            return
        }
        let gathersBinary = fields.encoding == nil && fields.headerLength != nil
        if chunks.isEmpty || (gathersBinary && chunks[0].readableBytes >= fields.headerLength ?? 0)
        {
            chunks.append(chunk)
        } else {
            var chunk = chunk
            chunks[0].writeBuffer(&chunk)
        }
    }

    /// Takes room for a piece of a body; false when all connections together hold too much.
    func reserve(_ count: Int, in ledger: ConnectionLedger) -> Bool {
        received += count
        let wanted = max(received - ConnectionLedger.freeBodyBytes, 0) - reserved
        guard wanted > 0 else { return true }
        guard ledger.reserveBody(wanted) else { return false }
        reserved += wanted
        return true
    }

    /// Gives the body's room back: it is whole, or nobody wants it any more.
    func giveBack(to ledger: ConnectionLedger) {
        if reserved > 0 { ledger.releaseBody(reserved) }
        reserved = 0
        received = 0
    }

    /// Replaces the body by its decompressed form.
    func inflate(_ coding: ContentCoding, with allocator: ByteBufferAllocator) throws(ServingError)
    {
        guard let body = chunks.first else { return }
        chunks = [try coding.decompress(body, limit: bodyLimit, with: allocator)]
    }

    /// The body for the decoder. The pieces are valid as long as this exchange holds its chunks.
    func body() throws(ServingError) -> InferBody {
        // The storage belongs to `chunks`, which are not changed any more: its address is stable.
        let first = chunks.first.map(Self.bytes) ?? UnsafeRawBufferPointer(start: nil, count: 0)
        let more = chunks.count > 1 ? chunks.dropFirst().map(Self.bytes) : []
        guard let body = InferBody(first: first, more: more, headerLength: fields.headerLength)
        else {
            throw ServingError(
                .invalidArgument,
                "Inference-Header-Content-Length is \(fields.headerLength ?? 0), the body has "
                    + "only \(byteCount) bytes")
        }
        return body
    }

    private static func bytes(of chunk: ByteBuffer) -> UnsafeRawBufferPointer {
        chunk.withVeryUnsafeBytes { bytes in
            UnsafeRawBufferPointer(rebasing: bytes[chunk.readerIndex..<chunk.writerIndex])
        }
    }

    /// Keeps the body's memory alive for the runtime, whatever becomes of this exchange.
    var bodyOwner: AnyObject { BodyOwner(chunks: chunks) }

    private final class BodyOwner {
        private let chunks: [ByteBuffer]
        init(chunks: [ByteBuffer]) { self.chunks = chunks }
    }

    /// Lets go of the request's memory once it has been answered.
    func release() {
        chunks = []
        request = nil
        handler = nil
    }
}
