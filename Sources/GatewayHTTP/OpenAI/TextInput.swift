internal import GatewayCore
internal import ServingModel

/// Text or tokens, one or many, as `prompt` of completions and `input` of embeddings hold them.
enum TextInput {
    /// Reads a string, an array of strings, an array of tokens, or an array of arrays of tokens.
    static func prompts(
        _ fields: RequestFields, _ key: String, most: Int
    ) throws(RequestProblem) -> [TextCall.Prompt] {
        guard let value = fields[key] else { throw fields.problem(key, "is missing") }
        if let text = value.text { return [.text(text)] }
        guard let elements = value.elements, !elements.isEmpty else {
            throw fields.problem(
                key,
                "must be a string, or an array of strings, of tokens or of arrays of tokens, that "
                    + "is not empty; it is \(value.kind)")
        }
        if elements[0].integer != nil {
            return [.tokens(try tokens(elements, fields, key))]
        }
        guard elements.count <= most else {
            throw fields.problem(key, "has \(elements.count) elements; at most \(most) are allowed")
        }
        var prompts: [TextCall.Prompt] = []
        for (index, element) in elements.enumerated() {
            if let text = element.text {
                prompts.append(.text(text))
            } else if let list = element.elements {
                prompts.append(.tokens(try tokens(list, fields, "\(key)[\(index)]")))
            } else {
                throw fields.problem(
                    "\(key)[\(index)]",
                    "must be a string or an array of tokens, not \(element.kind)")
            }
        }
        return prompts
    }

    /// Reads an array of tokens.
    static func tokens(
        _ elements: [JSONValue], _ fields: RequestFields, _ key: String
    ) throws(RequestProblem) -> [Int32] {
        var tokens: [Int32] = []
        tokens.reserveCapacity(elements.count)
        for (index, element) in elements.enumerated() {
            guard let number = element.integer, let token = Int32(exactly: number), token >= 0
            else {
                throw fields.problem(
                    "\(key)[\(index)]", "must be a token, a whole number that is not negative")
            }
            tokens.append(token)
        }
        return tokens
    }
}
