internal import EngineAPI
internal import GatewayCore
internal import Hummingbird
internal import ServingModel
internal import ServingRuntime

/// `tokenize` and `detokenize`, as vLLM has them.
extension OpenAIRoutes {
    /// Text, or a conversation, as tokens.
    func tokenize(_ fields: RequestFields) throws -> Response {
        let handle = try text.find(fields.requiredString("model"))
        let prompt: TextCall.Prompt
        if fields["messages"] != nil {
            prompt = .chat(try Conversation(fields).json)
        } else {
            prompt = .text(try fields.requiredString("prompt"))
        }
        let adds = try fields.flag("add_special_tokens") ?? true
        let tokens = try handle.tokens(of: prompt, addsSpecial: adds).tokens
        let wantsTexts = try fields.flag("return_token_strs") ?? false
        let body = JSONWriter.object { writer in
            writer.member("count", tokens.count)
            writer.member("max_model_len", handle.generator.maxContext)
            writer.array("tokens", tokens) { $0.value(Int($1)) }
            guard wantsTexts else { return }
            writer.array("token_strs", tokens) { $0.value(handle.text(of: [$1])) }
        }
        return JSONAnswer.text(body.bytes, "application/json")
    }

    /// Tokens as text.
    func detokenize(_ fields: RequestFields) throws -> Response {
        let handle = try text.find(fields.requiredString("model"))
        guard let list = try fields.array("tokens") else {
            throw fields.problem("tokens", "is missing")
        }
        let tokens = try TextInput.tokens(list, fields, "tokens")
        let size = handle.generator.model.info.vocabularySize
        if let stranger = tokens.first(where: { $0 >= size }) {
            throw fields.problem("tokens", "holds \(stranger); the model has \(size) tokens")
        }
        let body = JSONWriter.object { $0.member("prompt", handle.text(of: tokens)) }
        return JSONAnswer.text(body.bytes, "application/json")
    }
}
