package import EngineAPI
package import ServingModel
internal import ServingRuntime

extension GeneratorHandle {
    /// A prompt as tokens, with what else a conversation became.
    ///
    /// - Throws: ``ServingError`` for tokens outside the vocabulary and for what the model's chat template
    ///   refuses.
    package func tokens(
        of prompt: TextCall.Prompt, addsSpecial: Bool
    ) throws(ServingError) -> (tokens: [Int32], chat: ChatPrompt?) {
        let model = generator.model
        switch prompt {
        case .tokens(let tokens):
            let size = model.info.vocabularySize
            if let stranger = tokens.first(where: { !(0..<Int32(size)).contains($0) }) {
                throw ServingError(
                    .invalidArgument, "token \(stranger) is not one of the model's \(size) tokens")
            }
            return (tokens, nil)
        case .text(let text):
            return (
                try explained { () throws(EngineError) in
                    try model.tokenize(text, addsSpecial: addsSpecial, parsesSpecial: false)
                }, nil
            )
        case .chat(let json):
            return try explained { () throws(EngineError) in
                let chat = try model.renderChat(json)
                let tokens = try model.tokenize(chat.text, addsSpecial: false, parsesSpecial: true)
                return (tokens, chat)
            }
        }
    }

    /// Tokens as text; what is not UTF-8 is repaired.
    package func text(of tokens: [Int32]) -> String {
        let bytes = tokens.flatMap { generator.model.piece(of: $0, rendersSpecial: true) }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// Runs a part of the engine whose refusals of bad input are told to the client as they are.
    func explained<Value>(
        _ body: () throws(EngineError) -> Value
    ) throws(ServingError) -> Value {
        do { return try body() } catch { throw ServingError(error) }
    }
}
