package import EngineAPI
package import ServingRuntime

/// A request for generated text, whatever protocol it came in.
package struct TextCall: Sendable {
    /// What a model reads before it writes.
    package enum Prompt: Hashable, Sendable {
        /// Text to be continued.
        case text(String)
        /// Tokens to be continued.
        case tokens([Int32])
        /// A conversation to be answered: a JSON object as `GenerativeModel.renderChat` takes it.
        case chat(String)
    }

    /// What the generated text must look like. Chat prompts say it themselves.
    package enum Form: Hashable, Sendable {
        case free
        /// JSON that the schema admits.
        case schema(String)
        /// Text of a grammar in GBNF.
        case grammar(String)
    }

    /// What the model reads; one or more answers for each.
    package var prompts: [Prompt]

    /// Answers to each prompt.
    package var choices = 1

    /// How tokens are picked. Its seed and grammar are set when the call starts.
    package var sampling = SamplingParameters()

    /// Seed of the first answer to each prompt; the others follow from it. `nil` for a random one.
    package var seed: UInt64?

    /// Most tokens of one answer; `nil` for as many as the context has room for.
    package var maxNewTokens: Int?

    /// Strings that end an answer without being part of it.
    package var stops: [String] = []

    /// How many likely tokens to report beside each; `nil` for no probabilities at all.
    package var alternatives: Int?

    /// What the text must look like.
    package var form = Form.free

    /// Whether a token that ends a generation is ignored, for measurements.
    package var ignoresEnd = false

    /// Class and time limits that the client asks for.
    package var wish = QualityOfService()

    /// Who asks; `nil` for nobody in particular.
    package var tenant: String?

    /// What the call is called outside.
    package var label = RequestLabel.none

    /// A call with one answer to each prompt.
    package init(prompts: [Prompt]) {
        self.prompts = prompts
    }
}
