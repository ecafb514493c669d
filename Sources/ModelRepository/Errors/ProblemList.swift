/// Collects problems, so that one report names all of them.
struct ProblemList {
    /// Problems kept; further ones are only counted.
    static let limit = 20

    /// A problem whose place in the file is not looked up yet.
    struct Finding {
        let kind: ConfigurationError.Kind
        let path: FieldPath
        let message: String
    }

    private(set) var findings: [Finding] = []
    private(set) var omittedCount = 0

    var isEmpty: Bool { findings.isEmpty }

    /// Adds a problem.
    mutating func add(
        _ kind: ConfigurationError.Kind, _ path: FieldPath, _ message: String
    ) {
        if findings.count < Self.limit {
            findings.append(Finding(kind: kind, path: path, message: message))
        } else {
            omittedCount += 1
        }
    }

    /// Throws everything found, if anything was.
    ///
    /// - Parameter source: The text that was read, for the places of the fields.
    func throwIfAny(source: ConfigurationSource?) throws(ConfigurationError) {
        if isEmpty { return }
        let locator = source.map(FieldLocator.init)
        throw ConfigurationError(
            problems: findings.map { finding in
                ConfigurationError.Problem(
                    kind: finding.kind, field: finding.path.description, message: finding.message,
                    location: locator?.location(of: finding.path))
            }, omittedCount: omittedCount)
    }
}
