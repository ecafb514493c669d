/// What a loaded model says about itself.
public struct GenerativeModelInfo: Hashable, Sendable {
    /// Family of the network as its file names it, such as `llama`.
    public var architecture: String

    /// Longest sequence, in tokens, that the model was trained for.
    public var contextLength: Int

    /// Number of tokens in the vocabulary; tokens are `0..<vocabularySize`.
    public var vocabularySize: Int

    /// Width of the hidden state.
    public var embeddingSize: Int

    /// Number of weights.
    public var parameterCount: UInt64

    /// Size of the weights in bytes.
    public var bytes: UInt64

    /// Memory that one token of one sequence takes in the key-value cache of a session with default
    /// precision, in bytes; an exact session takes twice as much, and more of it.
    public var keyValueBytesPerToken: Int

    /// Whether the file carries a chat template that the engine understands.
    public var hasChatTemplate: Bool

    /// Whether the chat template has a place for tools.
    public var supportsTools: Bool

    /// Tokens that end a generation, in ascending order.
    public var endTokens: [Int32]

    /// Makes a description.
    public init(
        architecture: String, contextLength: Int, vocabularySize: Int, embeddingSize: Int,
        parameterCount: UInt64, bytes: UInt64, keyValueBytesPerToken: Int, hasChatTemplate: Bool,
        supportsTools: Bool, endTokens: [Int32]
    ) {
        self.architecture = architecture
        self.contextLength = contextLength
        self.vocabularySize = vocabularySize
        self.embeddingSize = embeddingSize
        self.parameterCount = parameterCount
        self.bytes = bytes
        self.keyValueBytesPerToken = keyValueBytesPerToken
        self.hasChatTemplate = hasChatTemplate
        self.supportsTools = supportsTools
        self.endTokens = endTokens
    }
}

/// One loaded model that generates text: its vocabulary, its chat format, and the factory of samplers
/// and sessions. Safe to use from any thread.
///
/// Dropping the last reference to it, to its samplers and to its sessions unloads it.
public protocol GenerativeModel: AnyObject, Sendable {
    /// What the model says about itself.
    var info: GenerativeModelInfo { get }

    /// The tokens of `text`.
    ///
    /// - Parameters:
    ///   - addsSpecial: Whether the tokens that the model wants around a text (such as a first
    ///     token) are added.
    ///   - parsesSpecial: Whether text that spells a control token becomes that token. False for
    ///     text from clients; true for a rendered chat, whose markers are control tokens.
    /// - Throws: ``EngineError`` of kind `invalidInput`.
    func tokenize(
        _ text: String, addsSpecial: Bool, parsesSpecial: Bool
    ) throws(EngineError) -> [Int32]

    /// The bytes that `token` stands for. They may be part of a UTF-8 character only.
    ///
    /// - Parameter rendersSpecial: Whether a control token gives its name instead of nothing.
    /// - Returns: The bytes; empty for a token outside the vocabulary.
    func piece(of token: Int32, rendersSpecial: Bool) -> [UInt8]

    /// Whether `token` ends a generation. It is not part of the text.
    func endsGeneration(_ token: Int32) -> Bool

    /// The prompt for a conversation, made with the model's own chat template.
    ///
    /// - Parameter requestJSON: An object with the fields of an OpenAI chat request: `messages`, and
    ///   as wanted `tools`, `tool_choice`, `parallel_tool_calls`, `response_format` (of type `text`,
    ///   `json_object` or `json_schema`), `add_generation_prompt` (true unless given),
    ///   `continue_final_message`, `reasoning_effort` and `chat_template_kwargs`. Other fields are
    ///   left to others.
    /// - Throws: ``EngineError`` of kind `invalidInput` where the model has no chat template or one
    ///   that the engine does not understand, where the template refuses the messages, or where a
    ///   field is malformed.
    func renderChat(_ requestJSON: String) throws(EngineError) -> ChatPrompt

    /// What the model answered, taken apart: text, tool calls, reasoning.
    ///
    /// - Parameters:
    ///   - output: Text that the model generated for `prompt`, with
    ///     ``ChatPrompt/visibleTokens`` spelled out.
    ///   - isPartial: Whether more text may follow: what may still become another part is held
    ///     back.
    /// - Returns: JSON of an OpenAI assistant message: `role`, `content`, `tool_calls` and
    ///   `reasoning_content`, as far as they are there. Tool calls have an empty `id` where the
    ///   model's format knows none.
    /// - Throws: ``EngineError`` of kind `failed` where the text does not have the format.
    func parseChat(
        _ output: String, of prompt: ChatPrompt, isPartial: Bool
    ) throws(EngineError) -> String

    /// A grammar in GBNF that admits exactly the JSON texts that `jsonSchema` admits, as far as a
    /// grammar can say it.
    ///
    /// - Throws: ``EngineError`` of kind `invalidInput` that names the problem.
    func grammar(jsonSchema: String) throws(EngineError) -> String

    /// Makes the state that picks the tokens of one request.
    ///
    /// - Throws: ``EngineError`` of kind `invalidInput` where a number is out of range or the
    ///   grammar is malformed.
    func makeSampler(
        _ parameters: SamplingParameters
    ) throws(EngineError) -> any TokenSampler

    /// Makes a session on the calling thread, which from then on is the only one to use it.
    ///
    /// - Throws: ``EngineError`` of kind `invalidInput` or `outOfMemory`.
    func makeSession(
        _ configuration: SessionConfiguration
    ) throws(EngineError) -> any GenerationSession
}
