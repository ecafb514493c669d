import ServingModel
import ServingRuntime

/// Keeps what the runtime says, without keeping the requests themselves.
final class RecordingSink: CompletionSink {
    /// The end of one request.
    struct Ending: Sendable {
        var order: Order
        /// Why there is no answer.
        var error: ServingError?
        var numbers: [Int32] = []
        var texts: [String] = []
        var shapes: [[Int]] = []
        var queued = Interval.zero
        var batchRows = 0
        var batchRequests = 0
        /// The name of the variant that answered.
        var variant: String?

        /// Whether the answer is the one that the order deserves.
        var isRight: Bool {
            error == nil && numbers == order.numbers && texts == order.texts
                && shapes == [[order.payloads.count, 3], [order.payloads.count, 1]]
        }
    }

    /// One list for each call.
    let calls = Scoreboard<[[Ending]]>([])

    /// All endings in order.
    var endings: [Ending] { calls.value.flatMap { $0 } }

    func complete(_ completions: [Completion]) {
        let endings = completions.map(Self.ending)
        calls.update { $0.append(endings) }
    }

    /// The ending of the order with that tag, if there is one already.
    func ending(of tag: Int) -> Ending? { endings.first { $0.order.tag == tag } }

    /// Returns when `count` requests have ended.
    func hasEnded(_ count: Int) async {
        await calls.until { $0.reduce(0) { $0 + $1.count } >= count }
    }

    private static func ending(_ completion: Completion) -> Ending {
        guard let note = completion.request.context as? Note else {
            preconditionFailure("the runtime changed the context of a request")
        }
        var ending = Ending(order: note.order)
        switch completion.result {
        case .failure(let error):
            ending.error = error
        case .success(let response):
            ending.numbers = Rows.numbers(in: response.bytes(of: 0))
            ending.texts = Rows.texts(in: response.bytes(of: 1))
            ending.shapes = [response.shape(of: 0), response.shape(of: 1)]
            ending.queued = response.queued
            ending.batchRows = response.batch.rows
            ending.batchRequests = response.batch.requests
            ending.variant = response.batch.variant
        }
        return ending
    }
}
