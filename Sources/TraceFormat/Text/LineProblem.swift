/// What is wrong with a line: what stands there and what is allowed.
package struct LineProblem: Error, Equatable, CustomStringConvertible {
    /// A sentence without the line's number.
    package var description: String

    init(_ description: String) {
        self.description = description
    }
}

/// What is wrong with a trace, and where.
package struct TraceProblem: Error, Equatable, CustomStringConvertible {
    /// Number of the line, counted from 1.
    package var line: Int
    /// What stands there and what is allowed.
    package var message: String

    /// Names a problem.
    package init(line: Int, _ message: String) {
        self.line = line
        self.message = message
    }

    /// As in `line 12: unknown event 'arived'; allowed: …`.
    package var description: String { "line \(line): \(message)" }
}
