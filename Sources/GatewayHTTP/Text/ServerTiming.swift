internal import HTTPTypes
internal import Hummingbird
internal import ServingModel

/// Where a request's time went, as the field `Server-Timing` says it, in milliseconds.
struct ServerTiming {
    static let field = HTTPField.Name("Server-Timing")

    /// From arrival to the first step that worked on it.
    var queued: Interval?
    /// From arrival to the first token.
    var first: Interval?
    /// From arrival to the answer.
    var total: Interval?

    /// Sets the field of a response.
    func write(to response: inout Response) {
        guard let name = Self.field else { return }
        let parts = [("queue", queued), ("first-token", first), ("total", total)]
        response.headers[name] = parts.compactMap { name, time in
            time.map { "\(name);dur=\(Self.text($0))" }
        }.joined(separator: ", ")
    }

    /// Milliseconds with three decimals.
    private static func text(_ time: Interval) -> String {
        let buffer = TextBuffer(capacity: 32)
        buffer.appendThousandths(time.nanoseconds / 1_000)
        return String(decoding: buffer.bytes, as: UTF8.self)
    }
}
