internal import SwiftProtobuf

extension ModelConfiguration {
    /// The configuration as the model-configuration endpoint answers with it: protobuf's JSON with
    /// the names of the schema, whole numbers as numbers, and fields present that have their default,
    /// as Triton's clients expect.
    package func configJSON() -> String {
        JSONValue.config(message).text
    }

    /// The configuration as the text of a `config.pbtxt`.
    package func pbtxt() -> String {
        message.textFormatString()
    }
}

extension JSONValue {
    /// A message whose defaults no client looks at, in SwiftProtobuf's own rendering.
    static func message(_ message: some Message) -> JSONValue {
        var options = JSONEncodingOptions()
        options.preserveProtoFieldNames = true
        options.alwaysPrintInt64sAsNumbers = true
        options.useDeterministicOrdering = true
        // Encoding fails only for the well-known type Any, which the schema does not use.
        let text = try? message.jsonString(options: options)
        return .raw(text ?? "{}")
    }
}
