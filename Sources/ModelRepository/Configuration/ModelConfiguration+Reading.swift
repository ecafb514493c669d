internal import SwiftProtobuf

extension ModelConfiguration {
    /// Reads the text of a `config.pbtxt`.
    ///
    /// - Parameters:
    ///   - pbtxt: The text, as bytes.
    ///   - file: Path of the file, for messages.
    ///   - directoryName: Name of the model's directory, which the configuration may leave out and
    ///     may not contradict; `nil` where there is no directory.
    /// - Throws: ``ConfigurationError`` that lists every problem with field, line and column.
    package init(
        pbtxt: [UInt8], file: String, directoryName: String?
    ) throws(ConfigurationError) {
        let source = ConfigurationSource(file: file, bytes: pbtxt)
        let message = try PbtxtReader.read(source)
        try self.init(message: message, directoryName: directoryName, source: source)
    }

    /// Reads the text of a `config.pbtxt`.
    ///
    /// - Throws: ``ConfigurationError`` that lists every problem with field, line and column.
    package init(
        pbtxt: String, file: String = "config.pbtxt", directoryName: String? = nil
    ) throws(ConfigurationError) {
        try self.init(pbtxt: Array(pbtxt.utf8), file: file, directoryName: directoryName)
    }

    /// Reads a configuration in the form of ``configJSON()``, as loading with an explicit
    /// configuration sends it.
    ///
    /// - Throws: ``ConfigurationError`` that lists every problem with its field.
    package init(json: String, directoryName: String?) throws(ConfigurationError) {
        if json.utf8.count > PbtxtReader.byteLimit {
            throw .single(
                .malformed, .root,
                "\(json.utf8.count) bytes are more than the \(PbtxtReader.byteLimit) allowed")
        }
        let message: Inference_ModelConfig
        do {
            message = try Inference_ModelConfig(jsonString: json)
        } catch JSONDecodingError.unknownField(let name) {
            throw .single(.malformed, .field(name), "unknown field")
        } catch {
            throw .single(.malformed, .root, "not the JSON of a model configuration: \(error)")
        }
        try self.init(message: message, directoryName: directoryName, source: nil)
    }

    /// The configuration of a model that has none: everything is taken from the model file.
    ///
    /// - Throws: ``ConfigurationError`` when `name` is empty.
    package init(unconfigured name: String) throws(ConfigurationError) {
        try self.init(message: Inference_ModelConfig(), directoryName: name, source: nil)
    }

    /// Validates a message; the only way to a value of this type.
    init(
        message: Inference_ModelConfig, directoryName: String?, source: ConfigurationSource?
    ) throws(ConfigurationError) {
        var validator = ConfigurationValidator(message: message, directoryName: directoryName)
        let configuration = validator.validate()
        try validator.problems.throwIfAny(source: source)
        self = configuration
    }
}
