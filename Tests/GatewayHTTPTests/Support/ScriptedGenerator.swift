import EngineAPI
import Foundation
import ServingModel

/// An engine whose models say what the prompt tells them to, byte by byte, so that tests know every
/// answer beforehand.
///
/// Tokens are bytes, ``end`` ends an answer. A prompt ends with `say:TEXT|`, and TEXT is the answer; a
/// number before it, as in `say:3*TEXT|`, repeats it. While ``hold()`` is in force no step ends.
final class ScriptedGenerator: GenerativeEngine {
    /// The token that ends an answer.
    static let end: Int32 = 256

    let descriptor = EngineDescriptor(name: "scripted", aliases: [], defaultFileName: "")
    private let gate = StepGate()

    func version() throws(EngineError) -> String { "1" }

    func load(_ source: ModelSource) throws(EngineError) -> any EngineModel {
        throw EngineError(.invalidModel, "it generates text")
    }

    func open(_ source: ModelSource) throws(EngineError) -> OpenedModel {
        .generator(ScriptedTextModel(gate: gate))
    }

    /// Holds steps back from now on.
    func hold() { gate.change { $0.isOpen = false } }

    /// Lets steps go on.
    func release() { gate.change { $0.isOpen = true } }

    /// Steps that are held back.
    var holding: Int { gate.state.holding }
}

/// What the models of one engine share.
///
/// `@unchecked Sendable`: the guard of the state is `condition`.
final class StepGate: @unchecked Sendable {
    struct State {
        var isOpen = true
        var holding = 0
    }

    private let condition = NSCondition()
    private var current = State()

    var state: State { condition.withLock { current } }

    func change(_ body: (inout State) -> Void) {
        condition.withLock {
            body(&current)
            condition.broadcast()
        }
    }

    func pass() {
        condition.withLock {
            guard !current.isOpen else { return }
            current.holding += 1
            while !current.isOpen { condition.wait() }
            current.holding -= 1
        }
    }
}

final class ScriptedTextModel: GenerativeModel {
    let info = GenerativeModelInfo(
        architecture: "scripted", contextLength: 4_096, vocabularySize: 257, embeddingSize: 1,
        parameterCount: 0, bytes: 0, keyValueBytesPerToken: 1, hasChatTemplate: true,
        supportsTools: true, endTokens: [ScriptedGenerator.end])
    let gate: StepGate

    init(gate: StepGate) { self.gate = gate }

    func tokenize(
        _ text: String, addsSpecial: Bool, parsesSpecial: Bool
    ) throws(EngineError) -> [Int32] { text.utf8.map(Int32.init) }

    func piece(of token: Int32, rendersSpecial: Bool) -> [UInt8] {
        (0..<256).contains(token) ? [UInt8(token)] : rendersSpecial ? Array("<end>".utf8) : []
    }

    func endsGeneration(_ token: Int32) -> Bool { token == ScriptedGenerator.end }

    /// The last message's text, and the mark that ends a script.
    func renderChat(_ requestJSON: String) throws(EngineError) -> ChatPrompt {
        struct Request: Decodable {
            struct Message: Decodable { var content: String? }
            var messages: [Message]
        }
        guard let request = try? JSONDecoder().decode(Request.self, from: Data(requestJSON.utf8))
        else { throw EngineError(.invalidInput, "the template takes text only") }
        return ChatPrompt(text: (request.messages.last?.content ?? "") + "|", format: "plain")
    }

    /// Output of the form `call NAME ARGUMENTS` calls a tool; anything else is content.
    func parseChat(
        _ output: String, of prompt: ChatPrompt, isPartial: Bool
    ) throws(EngineError) -> String {
        let words = output.split(separator: " ", maxSplits: 2, omittingEmptySubsequences: false)
        var message: [String: Any] = ["role": "assistant"]
        if words.first == "call" {
            guard words.count == 3 else { return "{\"role\":\"assistant\"}" }
            let function = ["name": String(words[1]), "arguments": String(words[2])]
            message["tool_calls"] = [["type": "function", "function": function]]
        } else if !(isPartial && "call ".hasPrefix(output)) {
            message["content"] = output
        }
        guard let data = try? JSONSerialization.data(withJSONObject: message) else {
            throw EngineError(.failed, "no JSON")
        }
        return String(decoding: data, as: UTF8.self)
    }

    func grammar(jsonSchema: String) throws(EngineError) -> String {
        guard !jsonSchema.contains("impossible") else {
            throw EngineError(.invalidInput, "the schema is impossible")
        }
        return jsonSchema
    }

    func makeSampler(_ parameters: SamplingParameters) throws(EngineError) -> any TokenSampler {
        ScriptedSampler()
    }

    func makeSession(
        _ configuration: SessionConfiguration
    ) throws(EngineError) -> any GenerationSession {
        ScriptedSession(gate: gate)
    }
}

private final class ScriptedSampler: TokenSampler {}

private final class ScriptedSession: GenerationSession {
    let interrupt: @Sendable () -> Void = {}
    private let gate: StepGate
    private var slots: [Int: [Int32]] = [:]
    private var last: [StepToken] = []

    init(gate: StepGate) { self.gate = gate }

    func step(_ tokens: [StepToken]) throws(EngineError) {
        gate.pass()
        for token in tokens { slots[Int(token.slot), default: []].append(token.token) }
        last = tokens
    }

    /// What follows the script in `slot`, where its answer has got to.
    func sample(
        at index: Int, with sampler: any TokenSampler, alternatives: Int?
    ) throws(EngineError) -> SampledToken {
        let token = Self.next(slots[Int(last[index].slot)] ?? [])
        let likely = (0..<Int32(alternatives ?? 0)).map {
            TokenLogprob(token: (token + $0) % 257, logprob: -0.5 - Float($0))
        }
        return SampledToken(
            token: token, logprob: alternatives == nil ? 0 : -0.5, alternatives: likely)
    }

    private static func next(_ tokens: [Int32]) -> Int32 {
        let bytes = tokens.map { UInt8(truncatingIfNeeded: $0) }
        let text = String(decoding: bytes, as: UTF8.self)
        guard let start = text.range(of: "say:"),
            let close = text[start.upperBound...].firstIndex(of: "|")
        else { return ScriptedGenerator.end }
        var script = text[start.upperBound..<close]
        var times = 1
        if let star = script.firstIndex(of: "*"), let count = Int(script[..<star]) {
            times = count
            script = script[script.index(after: star)...]
        }
        // Counted in bytes: the answer may have got to the middle of a character.
        let said = bytes.count - text.utf8.distance(from: text.startIndex, to: close) - 1
        let answer = Array(script.utf8)
        guard said < answer.count * times else { return ScriptedGenerator.end }
        return Int32(answer[said % answer.count])
    }

    func copy(slot: Int, to other: Int, count: Int) {
        slots[other] = Array((slots[slot] ?? []).prefix(count))
    }

    func truncate(slot: Int, to count: Int) {
        slots[slot] = count == 0 ? nil : Array((slots[slot] ?? []).prefix(count))
    }

    func save(slot: Int) throws(EngineError) -> [UInt8] {
        (slots[slot] ?? []).flatMap { withUnsafeBytes(of: $0, Array.init) }
    }

    func restore(slot: Int, from state: [UInt8]) throws(EngineError) {
        slots[slot] = state.withUnsafeBytes { Array($0.bindMemory(to: Int32.self)) }
    }
}
