/// Why a model of the repository cannot be served: everything that is wrong with its configuration.
package struct ConfigurationError: Error, Hashable, Sendable {
    /// The kinds of problem that callers treat differently.
    package enum Kind: String, Hashable, Sendable {
        /// The file cannot be read.
        case unreadable
        /// The file is not the text of a model configuration.
        case malformed
        /// A field has a value that is not allowed.
        case invalid
        /// A field asks for something that this server does not do.
        case unsupported
        /// The configuration contradicts the model file.
        case mismatch
    }

    /// A place in a file.
    package struct Location: Hashable, Sendable {
        /// Path of the file.
        package var file: String
        /// Line, counted from 1; `nil` when the problem has no place of its own, such as an absent field.
        package var line: Int?
        /// Column in characters, counted from 1.
        package var column: Int?
    }

    /// One thing that is wrong.
    package struct Problem: Hashable, Sendable {
        /// The kind of problem.
        package var kind: Kind
        /// The field in question, such as `input[0].dims`; empty when it is the file as a whole.
        package var field: String
        /// A sentence for the operator: what was found, and what is allowed.
        package var message: String
        /// Where the field is written.
        package var location: Location?
    }

    /// The problems in the order in which they were found; never empty.
    package var problems: [Problem]

    /// Problems beyond those listed: a report stays readable whatever the file holds.
    package var omittedCount = 0

    /// An error with a single problem.
    static func single(
        _ kind: Kind, _ field: FieldPath, _ message: String, at location: Location? = nil
    ) -> ConfigurationError {
        ConfigurationError(
            problems: [
                Problem(
                    kind: kind, field: field.description, message: message, location: location)
            ])
    }
}

extension ConfigurationError.Location: CustomStringConvertible {
    /// File, line and column as compilers print them.
    package var description: String {
        var text = file
        if let line { text += ":\(line)" }
        if let column { text += ":\(column)" }
        return text
    }
}

extension ConfigurationError.Problem: CustomStringConvertible {
    /// Place, field and message, as in `m/config.pbtxt:3:1: input[0].dims: …`.
    package var description: String {
        var text = ""
        if let location { text += "\(location): " }
        if !field.isEmpty { text += "\(field): " }
        return text + message
    }
}

extension ConfigurationError: CustomStringConvertible {
    /// All problems, separated by semicolons.
    package var description: String {
        let text = problems.map(\.description).joined(separator: "; ")
        return omittedCount == 0 ? text : text + "; and \(omittedCount) more"
    }
}
