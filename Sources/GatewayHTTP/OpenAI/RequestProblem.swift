internal import GatewayCore
package import ServingModel

/// Why a request of the OpenAI API is refused, with what its clients look at besides the message.
package struct RequestProblem: Error, Equatable {
    /// The kind of the problem and the sentence about it.
    package var error: ServingError

    /// The field that it is about, as in `response_format.json_schema`.
    package var param: String?

    /// A word that programs understand, such as `model_not_found`.
    package var code: String?

    /// Makes a problem; see the properties.
    package init(_ error: ServingError, param: String? = nil, code: String? = nil) {
        self.error = error
        self.param = param
        self.code = code
    }

    /// A field that has a value which is not allowed.
    package init(_ param: String, _ complaint: String) {
        self.init(ServingError(.invalidArgument, "'\(param)' \(complaint)"), param: param)
    }
}

extension RequestProblem {
    /// Runs `body`, which looks for the model that a request names.
    static func ofModel<Handle>(
        _ body: () throws(ServingError) -> Handle
    ) throws(RequestProblem) -> Handle {
        do {
            return try body()
        } catch {
            let code = error.code == .notFound ? "model_not_found" : nil
            throw RequestProblem(error, param: "model", code: code)
        }
    }

    /// The problem as OpenAI's clients read it.
    var body: JSONWriter {
        .object { writer in
            writer.object("error") { writer in
                writer.member("message", error.message)
                writer.member("type", ErrorTable.status(of: error.code).openAIType)
                writer.member("param", param)
                writer.member("code", code ?? error.code.description)
            }
        }
    }
}
