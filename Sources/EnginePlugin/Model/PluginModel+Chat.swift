internal import CEnginePlugin
internal import EngineAPI

extension PluginModel {
    func renderChat(_ requestJSON: String) throws(EngineError) -> ChatPrompt {
        let pieces = try library.written { writer in
            requestJSON.withBytes {
                library.table.pointee.render_chat(handle.pointer, $0, $1, writer)
            }
        }
        var prompt = ChatPrompt(text: "")
        var grammar = Grammar(text: "")
        for piece in pieces {
            switch UInt32(bitPattern: piece.field) {
            case HEADWAY_CHAT_TEXT.rawValue: prompt.text = piece.text
            case HEADWAY_CHAT_GRAMMAR.rawValue: grammar.text = piece.text
            case HEADWAY_CHAT_GRAMMAR_IS_LAZY.rawValue: grammar.isLazy = true
            case HEADWAY_CHAT_TRIGGER_WORD.rawValue: grammar.triggerWords.append(piece.text)
            case HEADWAY_CHAT_TRIGGER_PATTERN.rawValue: grammar.triggerPatterns.append(piece.text)
            case HEADWAY_CHAT_GRAMMAR_PREFIX.rawValue: grammar.prefix = piece.text
            case HEADWAY_CHAT_STOP.rawValue: prompt.stops.append(piece.text)
            case HEADWAY_CHAT_VISIBLE_TOKEN.rawValue:
                piece.bytes.withUnsafeBytes {
                    prompt.visibleTokens.append($0.loadUnaligned(as: Int32.self))
                }
            case HEADWAY_CHAT_FORMAT.rawValue: prompt.format = piece.text
            default: break
            }
        }
        if !grammar.text.isEmpty { prompt.grammar = grammar }
        return prompt
    }

    func parseChat(
        _ output: String, of prompt: ChatPrompt, isPartial: Bool
    ) throws(EngineError) -> String {
        try library.text { writer in
            prompt.format.withBytes { format, formatCount in
                output.withBytes { text, count in
                    library.table.pointee.parse_chat(
                        handle.pointer, format, formatCount, text, count, isPartial ? 1 : 0,
                        writer)
                }
            }
        }
    }
}
