internal import GatewayCore
internal import ServingRuntime

/// Writes the probabilities of tokens, in the two forms that OpenAI has.
struct Probabilities {
    /// Writes `logprobs` of a chat: an object for each token.
    func writeChat(_ tokens: [GeneratedToken], to writer: inout JSONWriter) {
        writer.object("logprobs") { writer in
            writer.array("content", tokens) { writer, token in write(token, to: &writer) }
            writer.member("refusal", nil as String?)
        }
    }

    /// Writes one token of a chat.
    func write(_ token: GeneratedToken, to writer: inout JSONWriter) {
        writer.object { writer in
            write(token.bytes, token.logprob, to: &writer)
            writer.array("top_logprobs", token.alternatives) { writer, likely in
                writer.object { writer in
                    write(likely.bytes, likely.logprob, to: &writer)
                }
            }
        }
    }

    /// Writes `logprobs` of a completion: parallel lists. `offset` is where the first token stands in
    /// the text that the client gets, in characters, and moves on.
    func writeCompletion(
        _ tokens: [GeneratedToken], offset: inout Int, to writer: inout JSONWriter
    ) {
        var offsets: [Int] = []
        for token in tokens {
            offsets.append(offset)
            offset += text(token.bytes).unicodeScalars.count
        }
        writer.object("logprobs") { writer in
            writer.array("tokens", tokens) { $0.value(text($1.bytes)) }
            writer.array("token_logprobs", tokens) { $0.value(Self.finite($1.logprob)) }
            writer.array("top_logprobs", tokens) { writer, token in
                let likely = token.alternatives.map { (text($0.bytes), $0.logprob) }
                writer.value(
                    .object(
                        likely.map { JSONValue.Member($0, .number("\(Self.finite($1))")) }))
            }
            writer.array("text_offset", offsets) { $0.value($1) }
        }
    }

    private func write(_ bytes: [UInt8], _ logprob: Float, to writer: inout JSONWriter) {
        writer.member("token", text(bytes))
        writer.member("logprob", Self.finite(logprob))
        writer.array("bytes", bytes) { $0.value(Int($1)) }
    }

    /// A token may be part of a character only; `bytes` say what it is.
    private func text(_ bytes: [UInt8]) -> String {
        String(decoding: bytes, as: UTF8.self)
    }

    /// JSON has no infinity: a token that cannot come has OpenAI's smallest number.
    private static func finite(_ logprob: Float) -> Float {
        logprob.isFinite ? logprob : -9999
    }
}
