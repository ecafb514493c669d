internal import CPlatform
package import GatewayCore
internal import ServingModel
package import ServingRuntime

/// The JSON part of an infer request that was read and found good, where all tensors follow it as bytes.
///
/// The requests of one client differ in their numbers, seldom in what describes them. A JSON part that is
/// the same to the last byte, for the same model, says the same, so it need not be read again. What
/// depends on the tensors' bytes is never remembered.
package final class KnownLayout {
    private let json: [UInt8]
    private let found: DecodedInfer
    private let spans: [Range<Int>]
    private let binaryCount: Int
    private let model: AnyObject

    /// Longer JSON parts are not remembered.
    private static let maxBytes = 4_096

    /// Remembers what was read in `body`, a request for `model`; `nil` where another request cannot be expected to say the same,
    /// or where the bytes have to be looked at.
    package init?(
        _ body: InferBody, _ decoded: DecodedInfer, for interface: ModelInterface,
        of model: AnyObject
    ) {
        guard decoded.id == nil, decoded.owners.isEmpty, !body.header.isEmpty,
            body.header.count <= Self.maxBytes, decoded.spans.count == interface.inputs.count,
            interface.inputs.allSatisfy({ $0.dataType != .bytes })
        else { return nil }
        json = Array(body.header)
        binaryCount = body.binaryCount
        self.model = model
        spans = decoded.spans
        var found = decoded
        // These point into the body that was read.
        found.inputs = []
        self.found = found
    }

    /// Whether `body` is a request for `model` that has this layout.
    package func describes(_ body: InferBody, of model: AnyObject) -> Bool {
        body.binaryCount == binaryCount && describes(body.header, of: model)
    }

    /// Whether `header` is this JSON part, of a request for `model`.
    package func describes(_ header: UnsafeRawBufferPointer, of model: AnyObject) -> Bool {
        model === self.model && header.count == json.count && isSame(header)
    }

    /// The quality of service that the JSON part asks for.
    package var wish: QualityOfService { found.wish }

    /// What `body` says, which this describes.
    package func decode(_ body: InferBody) -> DecodedInfer {
        var decoded = found
        decoded.inputs = spans.map { body.binary(at: $0.lowerBound, count: $0.count) }
        return decoded
    }

    private func isSame(_ header: UnsafeRawBufferPointer) -> Bool {
        json.withUnsafeBytes { own in
            guard let one = own.baseAddress, let other = header.baseAddress else { return false }
            return headway_same_bytes(one, other, own.count)
        }
    }
}
