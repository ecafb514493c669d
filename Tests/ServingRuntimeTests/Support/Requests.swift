import EngineAPI
import ServingModel
import ServingRuntime

/// What a test asks for: the rows of one request, and what the model should make of them.
struct Order: Sendable {
    var tag: Int
    /// One payload for each row.
    var payloads: [Int32]
    /// Numbers in a row.
    var length = 2
    var priorityClass = 0
    var deadline = Instant.distantFuture
    /// Whether only the full model will do.
    var isExact = false

    /// The rows as the engine sees them.
    var rows: [[Int32]] { payloads.map { Rows.row(tag: tag, payload: $0, length: length) } }

    /// The right output `y`.
    var numbers: [Int32] { rows.flatMap(Rows.numbers) }

    /// The right output `s`.
    var texts: [String] { rows.map(Rows.text) }

    /// A request for this order.
    ///
    /// - Parameters:
    ///   - isOpen: Whether the model leaves the row's length open.
    ///   - pieces: Pieces that the input is cut into.
    ///   - canary: Lives exactly as long as the request.
    func request(
        to sink: any CompletionSink, isOpen: Bool = false, pieces: Int = 1, canary: Canary? = nil,
        named name: String? = nil
    ) -> InferenceRequest {
        let owners: [AnyObject] = canary.map { [$0] } ?? []
        let buffer = Rows.buffer(rows.flatMap { $0 })
        let bytes = UnsafeRawBufferPointer(buffer.memory)
        let cuts = (0...pieces).map { bytes.count * $0 / pieces }
        let parts = zip(cuts, cuts.dropFirst()).map {
            UnsafeRawBufferPointer(rebasing: bytes[$0..<$1])
        }
        return InferenceRequest(
            inputs: [pieces == 1 ? InputBytes(bytes) : InputBytes(pieces: parts)],
            owners: owners + [buffer], shapes: isOpen ? [[length]] : nil, rows: payloads.count,
            priorityClass: ClassIndex(priorityClass), deadline: deadline,
            allowsCheaperVariant: !isExact, sink: sink, context: Note(order: self),
            label: name.map { RequestLabel(name: .text($0)) } ?? .none)
    }
}

/// Remembers which order a request belongs to.
final class Note: Sendable {
    let order: Order

    init(order: Order) {
        self.order = order
    }
}

/// Counts itself, so that a test can wait for the end of whatever keeps it.
final class Canary: Sendable {
    private let alive: Scoreboard<Int>

    init(_ alive: Scoreboard<Int>) {
        self.alive = alive
        alive.update { $0 += 1 }
    }

    deinit { alive.update { $0 -= 1 } }
}
