internal import GatewayCore
internal import ServingModel

/// How one protocol writes the answers to a call for text: as they grow, or when they are whole.
///
/// A format is made for one call. A growing answer is `open`, any number of `add`, then `close` or
/// `fail`; a whole one is a single `whole`.
protocol AnswerFormat: Sendable {
    /// Adds what goes before the first piece.
    mutating func open(_ events: inout EventText)

    /// Adds a piece of one answer.
    mutating func add(_ step: RunningText.Step, _ events: inout EventText)

    /// Adds what ends the stream once all answers have ended.
    mutating func close(_ usage: TextUsage, _ events: inout EventText)

    /// Adds why the stream ends before its time.
    mutating func fail(_ problem: RequestProblem, _ events: inout EventText)

    /// The body that holds all answers.
    mutating func whole(_ answers: [TextAnswer], _ usage: TextUsage) -> JSONWriter
}
