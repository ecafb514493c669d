/// Why a model repository cannot be read at all.
package struct RepositoryError: Error, Hashable, Sendable, CustomStringConvertible {
    /// Path of the repository.
    package var path: String

    /// A sentence for the operator.
    package var message: String

    /// Path and message.
    package var description: String { "model repository '\(path)': \(message)" }
}
