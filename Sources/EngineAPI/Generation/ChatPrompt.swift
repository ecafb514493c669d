/// A conversation as text for the model, with what is needed to generate and to read the answer.
public struct ChatPrompt: Hashable, Sendable {
    /// The prompt; to be tokenized with `parsesSpecial`, and without `addsSpecial` because the
    /// template wrote the model's first token where it wants one.
    public var text: String

    /// What the answer must look like; `nil` where everything goes.
    public var grammar: Grammar?

    /// Strings that end the answer, besides those of the client.
    public var stops: [String]

    /// Control tokens that belong to the answer's format, in ascending order: text assembly renders
    /// these (`rendersSpecial`), and `parseChat` reads them.
    public var visibleTokens: [Int32]

    /// How the answer is to be read. For the engine that made it only.
    public var format: String

    /// Makes a prompt.
    public init(
        text: String, grammar: Grammar? = nil, stops: [String] = [], visibleTokens: [Int32] = [],
        format: String = ""
    ) {
        self.text = text
        self.grammar = grammar
        self.stops = stops
        self.visibleTokens = visibleTokens
        self.format = format
    }
}

/// A language that the generated text must belong to.
public struct Grammar: Hashable, Sendable {
    /// The rules, in GBNF; the text is derived from the rule `root`.
    public var text: String

    /// Whether the rules apply only from the first trigger on.
    public var isLazy: Bool

    /// Strings in the generated text, control tokens spelled out, one of which starts a lazy grammar:
    /// the constrained text starts with it.
    public var triggerWords: [String]

    /// Regular expressions that start a lazy grammar in the same way. The constrained text starts with
    /// the first group that matched, or with the whole match where there is none.
    public var triggerPatterns: [String]

    /// Text at the end of the prompt that already belongs to the constrained text; empty for most.
    public var prefix: String

    /// Makes a grammar that applies from the first token on, unless told otherwise.
    public init(
        text: String, isLazy: Bool = false, triggerWords: [String] = [],
        triggerPatterns: [String] = [], prefix: String = ""
    ) {
        self.text = text
        self.isLazy = isLazy
        self.triggerWords = triggerWords
        self.triggerPatterns = triggerPatterns
        self.prefix = prefix
    }
}
