package import ServingModel

/// The bytes of one input as they lie in memory: usually one piece, several when the network delivered
/// them so. They are copied once, into the batch.
package struct InputBytes: Sendable {
    private let first: Piece
    private let rest: [Piece]

    /// Bytes in all pieces.
    package let count: Int

    /// `@unchecked Sendable`: the guard is that the memory is read-only and that the request's owners
    /// keep it alive.
    private struct Piece: @unchecked Sendable {
        let bytes: UnsafeRawBufferPointer
    }

    /// One contiguous piece.
    package init(_ bytes: UnsafeRawBufferPointer) {
        first = Piece(bytes: bytes)
        rest = []
        count = bytes.count
    }

    /// Several pieces in order.
    package init(pieces: [UnsafeRawBufferPointer]) {
        first = Piece(bytes: pieces.first ?? UnsafeRawBufferPointer(start: nil, count: 0))
        rest = pieces.dropFirst().map(Piece.init(bytes:))
        count = pieces.reduce(0) { $0 + $1.count }
    }

    /// The whole, when it lies in one piece.
    package var contiguous: UnsafeRawBufferPointer? { rest.isEmpty ? first.bytes : nil }

    /// Copies all pieces to `target`, which has room for ``count`` bytes.
    package func copy(to target: UnsafeMutableRawPointer) {
        var target = target
        for piece in CollectionOfOne(first) {
            guard let base = piece.bytes.baseAddress else { break }
            target.copyMemory(from: base, byteCount: piece.bytes.count)
            target += piece.bytes.count
        }
        for piece in rest {
            guard let base = piece.bytes.baseAddress else { continue }
            target.copyMemory(from: base, byteCount: piece.bytes.count)
            target += piece.bytes.count
        }
    }
}

/// One request on its way through the runtime: payload, promise, and where the answer goes.
///
/// `@unchecked Sendable`: all fields but ``arrival``, ``id`` and ``ahead`` are immutable, and the guard
/// of those is the lock of the model that the request was submitted to.
package final class InferenceRequest: SlabRequest, @unchecked Sendable {
    /// One entry for each input of the model, in the signature's order.
    package let inputs: [InputBytes]

    /// Keeps the memory of ``inputs`` alive.
    package let owners: [AnyObject]

    /// Extents of each input without the batch dimension, when the model leaves any of them open.
    package let shapes: [[Int]]?

    /// Rows this request adds to a batch.
    package let rows: Int

    /// Position of the priority class in the server's table.
    package let priorityClass: ClassIndex

    /// When the answer must be ready.
    package let deadline: Instant

    /// Whether a cheaper variant of the model will do when there is too much work for the full one.
    package let allowsCheaperVariant: Bool

    /// Takes the completion.
    package let sink: any CompletionSink

    /// The submitter's own object for this request, handed back with the completion.
    package let context: AnyObject?

    /// What it is called outside.
    package let label: RequestLabel

    /// When the request was handed to the scheduler.
    package internal(set) var arrival = Instant.origin

    /// The scheduler's name for the request.
    var id = RequestID(0)

    /// Requests that waited when it came.
    var ahead = 0

    /// Makes a request; see the properties.
    package init(
        inputs: [InputBytes], owners: [AnyObject], shapes: [[Int]]? = nil, rows: Int,
        priorityClass: ClassIndex, deadline: Instant, allowsCheaperVariant: Bool = true,
        sink: any CompletionSink, context: AnyObject? = nil, label: RequestLabel = .none
    ) {
        self.inputs = inputs
        self.owners = owners
        self.shapes = shapes
        self.rows = rows
        self.priorityClass = priorityClass
        self.deadline = deadline
        self.allowsCheaperVariant = allowsCheaperVariant
        self.sink = sink
        self.context = context
        self.label = label
    }

    /// Payload bytes over all inputs.
    var byteCount: Int { inputs.reduce(0) { $0 + $1.count } }
}

/// Takes completions: one object per event loop, so that a batch costs one wake-up for each loop.
package protocol CompletionSink: AnyObject, Sendable {
    /// Requests of one batch, or refused at one moment, that were submitted with this sink. Called on
    /// the thread where it happened; returns quickly.
    func complete(_ completions: [Completion])
}

/// The end of one request.
package struct Completion: Sendable {
    /// The request that ended.
    package let request: InferenceRequest

    /// Its answer, or why there is none.
    package let result: Result<InferenceResponse, ServingError>

    /// Pairs a request with its end.
    package init(request: InferenceRequest, result: Result<InferenceResponse, ServingError>) {
        self.request = request
        self.result = result
    }
}
