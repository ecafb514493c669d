internal import ServerConfiguration
internal import Yams

/// Everything that is wrong with one file, collected so that its author corrects it once.
final class Problems {
    /// Name of the file, for messages.
    let origin: String

    /// One line each: `file:line: what, and what is allowed`.
    private(set) var lines: [String] = []

    init(origin: String) {
        self.origin = origin
    }

    /// Notes what is wrong with `node`.
    func report(_ node: Node?, _ text: String) {
        report(line: node?.mark?.line, text)
    }

    /// Notes what is wrong in a line, or with the whole file.
    func report(line: Int?, _ text: String) {
        lines.append("\(origin)\(line.map { ":\($0)" } ?? ""): \(text)")
    }
}

/// A file that cannot be used, with all the reasons.
package struct ScenarioFileError: Error, Sendable, Equatable, CustomStringConvertible {
    /// One line each: file, line, key, what is wrong and what is allowed.
    package let problems: [String]

    /// All problems, one a line.
    package var description: String { problems.joined(separator: "\n") }
}
