internal import GatewayCore
internal import ServingRuntime

/// One item of the list that `POST /v1/responses` answers: a message, or a call of a tool.
struct ResponseItem {
    let id: String
    /// The call's name for the client; `nil` for a message.
    let callID: String?
    /// Name of the function that is called.
    let name: String
    /// The message's text, or the call's arguments.
    var text = ""
    /// The tokens of a message whose probabilities were asked for.
    var tokens: [GeneratedToken] = []

    /// A message without text.
    static func message() -> ResponseItem {
        ResponseItem(id: AnswerHead.freshID("msg_"), callID: nil, name: "")
    }

    /// A call without arguments.
    static func call(id: String, name: String) -> ResponseItem {
        ResponseItem(id: AnswerHead.freshID("fc_"), callID: id, name: name)
    }

    var isMessage: Bool { callID == nil }

    /// Writes the item: with what it holds once it is whole, and empty before.
    func write(isWhole: Bool, _ probabilities: Probabilities?, to writer: inout JSONWriter) {
        writer.object { writer in
            writer.member("id", id)
            writer.member("type", isMessage ? "message" : "function_call")
            writer.member("status", isWhole ? "completed" : "in_progress")
            guard isMessage else {
                writer.member("call_id", callID)
                writer.member("name", name)
                writer.member("arguments", isWhole ? text : "")
                return
            }
            writer.member("role", "assistant")
            writer.array("content", isWhole ? [self] : []) { writer, item in
                item.writePart(isWhole: true, probabilities, to: &writer)
            }
        }
    }

    /// Writes the one part of a message.
    func writePart(isWhole: Bool, _ probabilities: Probabilities?, to writer: inout JSONWriter) {
        writer.object { writer in
            writer.member("type", "output_text")
            writer.member("text", isWhole ? text : "")
            writer.array("annotations", EmptyCollection<Int>()) { $0.value($1) }
            writer.array("logprobs", probabilities == nil || !isWhole ? [] : tokens) {
                probabilities?.write($1, to: &$0)
            }
        }
    }
}
