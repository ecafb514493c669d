internal import EngineAPI
internal import Synchronization

/// A model that generates text which depends on every token before it and means nothing.
///
/// Its tokens are the 256 bytes, one that begins a text and one that ends it.
final class SyntheticGenerator: GenerativeModel {
    /// Tokens besides the bytes.
    static let beginning: Int32 = 256
    static let ending: Int32 = 257

    let name: String
    let settings: SyntheticGeneratorSettings
    let wait: SyntheticEngine.Wait
    let info: GenerativeModelInfo

    /// Stands for the weights: memory that is in use as long as the model is loaded.
    private let weights: TensorBuffer

    init(name: String, settings: SyntheticGeneratorSettings, wait: @escaping SyntheticEngine.Wait) {
        self.name = name
        self.settings = settings
        self.wait = wait
        weights = TensorBuffer(byteCount: settings.memoryBytes)
        // Memory counts only once it is written to.
        weights.memory.initializeMemory(as: UInt8.self, repeating: 1)
        info = GenerativeModelInfo(
            architecture: "synthetic", contextLength: settings.context, vocabularySize: 258,
            embeddingSize: 1, parameterCount: UInt64(settings.memoryBytes),
            bytes: UInt64(settings.memoryBytes), keyValueBytesPerToken: 8, hasChatTemplate: false,
            supportsTools: false, endTokens: [Self.ending])
    }

    func tokenize(
        _ text: String, addsSpecial: Bool, parsesSpecial: Bool
    ) throws(EngineError) -> [Int32] {
        var tokens: [Int32] = addsSpecial ? [Self.beginning] : []
        var rest = Array(text.utf8)[...]
        while let byte = rest.first {
            let special = parsesSpecial ? Self.specials.first { rest.starts(with: $0.name) } : nil
            tokens.append(special?.token ?? Int32(byte))
            rest.removeFirst(special?.name.count ?? 1)
        }
        return tokens
    }

    func piece(of token: Int32, rendersSpecial: Bool) -> [UInt8] {
        if let byte = UInt8(exactly: token) { return [byte] }
        guard rendersSpecial else { return [] }
        return Self.specials.first { $0.token == token }?.name ?? []
    }

    func endsGeneration(_ token: Int32) -> Bool { token == Self.ending }

    func renderChat(_ requestJSON: String) throws(EngineError) -> ChatPrompt {
        throw EngineError(.invalidInput, "model '\(name)' is synthetic and has no chat template")
    }

    func parseChat(
        _ output: String, of prompt: ChatPrompt, isPartial: Bool
    ) throws(EngineError) -> String {
        throw EngineError(.failed, "model '\(name)' is synthetic and has no chat format")
    }

    func grammar(jsonSchema: String) throws(EngineError) -> String {
        throw EngineError(.invalidInput, "model '\(name)' is synthetic and follows no grammar")
    }

    func makeSampler(_ parameters: SamplingParameters) throws(EngineError) -> any TokenSampler {
        guard parameters.grammar == nil else {
            throw EngineError(
                .invalidInput, "model '\(name)' is synthetic and follows no grammar")
        }
        guard parameters.temperature >= 0, parameters.temperature.isFinite else {
            throw EngineError(
                .invalidInput, "temperature \(parameters.temperature) is not a number from 0")
        }
        return SyntheticSampler(parameters)
    }

    func makeSession(
        _ configuration: SessionConfiguration
    ) throws(EngineError) -> any GenerationSession {
        guard (1...256).contains(configuration.slots), configuration.keyValueTokens >= 1,
            configuration.maxStepTokens >= 1
        else {
            throw EngineError(
                .invalidInput,
                "a session has 1 to 256 slots and room for at least one token, not "
                    + "\(configuration.slots) slots, \(configuration.keyValueTokens) tokens and "
                    + "\(configuration.maxStepTokens) tokens a step")
        }
        return SyntheticSession(self, configuration)
    }

    private static let specials: [(token: Int32, name: [UInt8])] = [
        (beginning, Array("<s>".utf8)), (ending, Array("</s>".utf8)),
    ]
}

/// Picks the likeliest token, or with a temperature one that depends on the seed too. Filters, penalties
/// and bias have no effect.
final class SyntheticSampler: TokenSampler {
    private let isGreedy: Bool
    private let draws: Atomic<UInt64>

    init(_ parameters: SamplingParameters) {
        isGreedy = parameters.temperature == 0
        draws = Atomic(parameters.seed)
    }

    /// What the next pick depends on besides the sequence; 0 where it is the likeliest token.
    func draw() -> UInt64 {
        guard !isGreedy else { return 0 }
        return Mix.hash(draws.wrappingAdd(1, ordering: .relaxed).newValue)
    }
}
