internal import Foundation
internal import GatewayCore
internal import ServingModel
internal import ServingRuntime

/// What every answer of the OpenAI API says of itself.
struct AnswerHead {
    /// The answer's name, as in `chatcmpl-0123456789abcdef`.
    let id: String
    /// When it was made, in seconds since 1970.
    let created: Int
    /// The model's name, as the client wrote it.
    let model: String
    /// The tier that it was served with, if the client asked for one.
    let tier: ServiceTier?

    /// A head with a fresh name.
    init(_ prefix: String, model: String, tier: ServiceTier? = nil) {
        id = Self.freshID(prefix)
        created = Int(Date().timeIntervalSince1970)
        self.model = model
        self.tier = tier
    }

    /// A name that no other answer has.
    static func freshID(_ prefix: String) -> String {
        let number = UInt64.random(in: .min ... .max)
        let digits = String(number, radix: 16)
        return prefix + String(repeating: "0", count: 16 - digits.count) + digits
    }

    /// Writes the members that stand first.
    func write(_ object: StaticString, to writer: inout JSONWriter) {
        writer.member("id", id)
        writer.member("object") { $0.value("\(object)") }
        writer.member("created", created)
        writer.member("model", model)
        if let tier { writer.member("service_tier", tier.rawValue) }
    }
}

extension JSONWriter {
    /// Writes what a call cost.
    mutating func usage(_ usage: TextUsage) {
        object("usage") { writer in
            writer.member("prompt_tokens", usage.promptTokens)
            writer.member("completion_tokens", usage.generatedTokens)
            writer.member("total_tokens", usage.promptTokens + usage.generatedTokens)
            writer.object("prompt_tokens_details") {
                $0.member("cached_tokens", usage.cachedTokens)
            }
        }
    }
}

extension GenerationEnd {
    /// OpenAI's word for how an answer ended.
    var finishReason: String {
        switch reason {
        case .stop: "stop"
        case .length: "length"
        case .failed: "error"
        }
    }
}
