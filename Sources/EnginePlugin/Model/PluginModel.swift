internal import CEnginePlugin
internal import EngineAPI

/// One loaded model that generates text.
final class PluginModel: GenerativeModel {
    let info: GenerativeModelInfo
    let handle: PluginHandle
    let library: PluginLibrary

    /// Bytes that almost every token fits into.
    private static let usualPieceSize = 64

    init(_ info: headway_model_info, _ handle: PluginHandle) {
        self.handle = handle
        library = handle.library
        let table = library.table
        let count = table.pointee.end_tokens(handle.pointer, nil, 0)
        let ends = [Int32](unsafeUninitializedCapacity: count) { buffer, initialized in
            initialized = min(
                table.pointee.end_tokens(handle.pointer, buffer.baseAddress, count), count)
        }
        self.info = GenerativeModelInfo(
            architecture: info.family,
            contextLength: Int(info.context_length), vocabularySize: Int(info.vocabulary_size),
            embeddingSize: Int(info.embedding_size), parameterCount: info.parameter_count,
            bytes: info.byte_count, keyValueBytesPerToken: Int(info.key_value_bytes_per_token),
            hasChatTemplate: info.has_chat_template != 0, supportsTools: info.supports_tools != 0,
            endTokens: ends)
    }

    func tokenize(
        _ text: String, addsSpecial: Bool, parsesSpecial: Bool
    ) throws(EngineError) -> [Int32] {
        try handle.tokenize(text, addsSpecial: addsSpecial, parsesSpecial: parsesSpecial)
    }

    func piece(of token: Int32, rendersSpecial: Bool) -> [UInt8] {
        var needed = Self.usualPieceSize
        while true {
            let capacity = needed
            let piece = [UInt8](unsafeUninitializedCapacity: capacity) { buffer, initialized in
                buffer.withMemoryRebound(to: CChar.self) { characters in
                    needed = library.table.pointee.piece(
                        handle.pointer, token, rendersSpecial ? 1 : 0, characters.baseAddress,
                        capacity)
                }
                initialized = needed <= capacity ? needed : 0
            }
            if needed <= capacity { return piece }
        }
    }

    func endsGeneration(_ token: Int32) -> Bool {
        // Most vocabularies have one to three end tokens.
        info.endTokens.contains(token)
    }

    func grammar(jsonSchema: String) throws(EngineError) -> String {
        try library.text { writer in
            jsonSchema.withBytes { library.table.pointee.schema_grammar($0, $1, writer) }
        }
    }

    func makeSampler(
        _ parameters: SamplingParameters
    ) throws(EngineError) -> any TokenSampler {
        try PluginSampler(parameters, handle)
    }

    func makeSession(
        _ configuration: SessionConfiguration
    ) throws(EngineError) -> any GenerationSession {
        try PluginSession(configuration, handle)
    }
}

extension headway_model_info {
    /// Family of the network, such as `llama`.
    var family: String { architecture.map { String(cString: $0) } ?? "unknown" }
}

extension PluginHandle {
    /// The tokens of `text`, by the vocabulary of this model.
    func tokenize(
        _ text: String, addsSpecial: Bool, parsesSpecial: Bool
    ) throws(EngineError) -> [Int32] {
        // A token stands for at least one byte, but for the few that are added around the text.
        var capacity = text.utf8.count + 8
        while true {
            var found = 0
            var status: Int32 = 0
            let tokens = [Int32](unsafeUninitializedCapacity: capacity) { buffer, initialized in
                status = text.withBytes { start, count in
                    library.table.pointee.tokenize(
                        pointer, start, count, addsSpecial ? 1 : 0, parsesSpecial ? 1 : 0,
                        buffer.baseAddress, capacity, &found)
                }
                initialized = status == 0 && found <= capacity ? found : 0
            }
            try library.check(status)
            if found <= capacity { return tokens }
            capacity = found
        }
    }
}
