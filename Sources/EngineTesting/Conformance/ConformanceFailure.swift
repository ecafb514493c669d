/// A rule of the engine interface that an engine breaks.
public struct ConformanceFailure: Error, Hashable, Sendable, CustomStringConvertible {
    /// The rule, and what was seen instead.
    public var message: String

    /// Makes a failure.
    public init(_ message: String) {
        self.message = message
    }

    /// The message.
    public var description: String { message }
}
