internal import EngineAPI
package import ServingModel
internal import ServingRuntime

/// Why a call does not start.
package enum TextCallFailure: Error, Equatable {
    /// The prompt leaves no room in the model's context.
    case tooLong(prompt: Int, context: Int)
    /// Anything else.
    case refused(ServingError)

    /// Whether the prompt is too long.
    package var isTooLong: Bool { if case .tooLong = self { true } else { false } }

    /// What to tell the client.
    package var cause: ServingError {
        switch self {
        case .refused(let error): error
        case .tooLong(let prompt, let context):
            ServingError(
                .invalidArgument,
                "the prompt has \(prompt) tokens; the model's context has room for \(context), "
                    + "of which at least one is for the answer")
        }
    }
}

extension TextCall {
    /// Hands the call to a model.
    ///
    /// - Throws: ``TextCallFailure`` for what is wrong with it. What the model refuses later comes through
    ///   the answers' streams.
    package func start(
        on handle: GeneratorHandle, at arrival: Instant
    ) throws(TextCallFailure) -> RunningText {
        let read = try refusing { () throws(ServingError) in try prompts(on: handle) }
        let longest = read.map(\.tokens.count).max() ?? 0
        let context = handle.generator.maxContext
        guard longest < context else { throw .tooLong(prompt: longest, context: context) }
        let streams = try refusing { () throws(ServingError) in
            try submit(read, to: handle, at: arrival)
        }
        return RunningText(
            handle: handle, prompts: read.map(\.tokens), chat: read.first?.chat,
            arrival: arrival, choices: choices, streams: streams)
    }

    private typealias ReadPrompt = (tokens: [Int32], chat: ChatPrompt?)

    private func prompts(on handle: GeneratorHandle) throws(ServingError) -> [ReadPrompt] {
        var read: [ReadPrompt] = []
        for prompt in prompts { read.append(try handle.tokens(of: prompt, addsSpecial: true)) }
        return read
    }

    /// Hands in a request for each answer. When one is refused, the streams of those before it are
    /// dropped, which cancels them.
    private func submit(
        _ read: [ReadPrompt], to handle: GeneratorHandle, at arrival: Instant
    ) throws(ServingError) -> [GenerationStream] {
        let promise = try handle.quality.promise(wish, arrival: arrival)
        var streams: [GenerationStream] = []
        for prompt in read {
            for choice in 0..<choices {
                let request = try request(
                    prompt.tokens, prompt.chat, choice, promise, label.sibling(streams.count),
                    handle)
                streams.append(try handle.generator.submit(request))
            }
        }
        return streams
    }

    private func refusing<Value>(
        _ body: () throws(ServingError) -> Value
    ) throws(TextCallFailure) -> Value {
        do { return try body() } catch { throw .refused(error) }
    }
}
