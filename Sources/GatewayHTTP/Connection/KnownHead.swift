internal import CPlatform
internal import GatewayCore

/// The head of an infer request that was read and found good.
///
/// The requests of one client differ in their bodies, seldom in their heads. A head that is the same to the
/// last byte says the same, so it need not be read again: comparing costs a fiftieth.
final class KnownHead {
    private let bytes: [UInt8]
    /// Bytes of the body.
    let contentLength: Int
    /// Whether the connection stays open after the answer.
    let isKeptAlive: Bool
    /// What its fields say.
    let fields: InferFields
    /// The model that its target names, as long as the catalog does not change.
    let model: ModelHandle

    /// Longer heads are not remembered.
    static let maxBytes = 2_048

    /// Remembers the `bytes` of a head and what was read in them.
    init(
        _ bytes: UnsafeRawBufferPointer, _ head: WireHead, _ fields: InferFields, model: ModelHandle
    ) {
        self.bytes = Array(bytes)
        contentLength = head.contentLength
        isKeptAlive = head.isKeptAlive
        self.fields = fields
        self.model = model
    }

    /// Bytes of the head, including the empty line.
    var length: Int { bytes.count }

    /// Whether a request that begins with these bytes has this head.
    func begins(_ received: UnsafeRawBufferPointer) -> Bool {
        guard received.count >= bytes.count, let base = received.baseAddress else { return false }
        return bytes.withUnsafeBytes { own in
            own.baseAddress.map { headway_same_bytes(base, $0, own.count) } ?? false
        }
    }
}
