package import EngineAPI
package import ServingModel
package import ServingRuntime

/// A call that a model works on: one stream for each answer.
///
/// Dropping it, or cancelling it, ends all answers and frees what they hold.
package final class RunningText: Sendable {
    /// One step of one answer.
    package struct Step: Sendable {
        /// Which answer; answers to one prompt are next to each other.
        package var answer: Int
        /// What came.
        package var update: GenerationUpdate

        /// Makes a step; see the properties.
        package init(answer: Int, update: GenerationUpdate) {
            self.answer = answer
            self.update = update
        }
    }

    /// The model.
    package let handle: GeneratorHandle

    /// The prompts as tokens.
    package let prompts: [[Int32]]

    /// The conversation that is answered, if it is one.
    package let chat: ChatPrompt?

    /// When the call came in.
    package let arrival: Instant

    /// Answers to each prompt.
    package let choices: Int

    private let streams: [GenerationStream]

    init(
        handle: GeneratorHandle, prompts: [[Int32]], chat: ChatPrompt?, arrival: Instant,
        choices: Int, streams: [GenerationStream]
    ) {
        self.handle = handle
        self.prompts = prompts
        self.chat = chat
        self.arrival = arrival
        self.choices = choices
        self.streams = streams
    }

    deinit { cancel() }

    /// How many answers there are.
    package var count: Int { streams.count }

    /// Ends all answers; what they hold is free within one step of the model.
    package func cancel() {
        for stream in streams { stream.cancel() }
    }

    /// Waits for the first piece of the first answer, which must be the first thing that is read.
    ///
    /// - Throws: What the model refused the call with: after this, and not before, a protocol may
    ///   promise success.
    package func first() async throws(ServingError) -> GenerationUpdate {
        let iterator = streams[0].makeAsyncIterator()
        return try Self.checked(await iterator.next())
    }

    /// Hands each further piece of each answer to `body`, as they come, until all answers have ended.
    /// While `body` works no more than one piece of each answer is taken from its stream.
    ///
    /// - Parameter isFirstOver: Whether ``first()`` was the first answer's end.
    /// - Throws: What `body` throws, or why an answer failed; the other answers are cancelled then.
    @concurrent
    package func forEach(
        isFirstOver: Bool = false, _ body: @concurrent (Step) async throws -> Void
    ) async throws {
        defer { cancel() }
        try await withThrowingTaskGroup(of: Step.self) { group in
            func read(_ answer: Int) {
                group.addTask { [streams] in
                    let iterator = streams[answer].makeAsyncIterator()
                    return Step(
                        answer: answer, update: try Self.checked(await iterator.next()))
                }
            }
            for answer in streams.indices where answer > 0 || !isFirstOver { read(answer) }
            while let step = try await group.next() {
                try await body(step)
                if step.update.end == nil { read(step.answer) }
            }
        }
    }

    /// What came, unless it is bad news.
    private static func checked(
        _ update: GenerationUpdate?
    ) throws(ServingError) -> GenerationUpdate {
        guard let update else { throw ServingError(.cancelled, "the request was cancelled") }
        if case .failed(let error)? = update.end?.reason { throw error }
        return update
    }
}
