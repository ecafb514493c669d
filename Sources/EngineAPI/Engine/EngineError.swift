/// Why an engine could not load or run a model.
public struct EngineError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The kinds that callers treat differently.
    public enum Kind: String, Hashable, Sendable {
        /// The engine's library is missing or unusable on this machine.
        case unavailable
        /// The model file is missing, corrupt or of a kind that the engine does not run.
        case invalidModel = "invalid_model"
        /// The inputs do not fit the model; another batch may succeed.
        case invalidInput = "invalid_input"
        /// Memory ran out; a smaller batch may succeed.
        case outOfMemory = "out_of_memory"
        /// Anything else that failed while running.
        case failed
    }

    /// The kind of failure.
    public var kind: Kind

    /// A sentence for the operator: what failed, and what to do where that is known.
    public var message: String

    /// Makes an error.
    public init(_ kind: Kind, _ message: String) {
        self.kind = kind
        self.message = message
    }

    /// Kind and message.
    public var description: String { "\(kind.rawValue): \(message)" }
}
