extension ServerConfiguration {
    /// The defaults, changed by a YAML text.
    ///
    /// - Parameter origin: Name of the file, for messages.
    package static func load(
        yaml: String, origin: String
    ) throws(ConfigurationError) -> ServerConfiguration {
        try resolve(file: (yaml, origin))
    }

    /// A copy changed by the variables of the environment that ``reference`` names. Empty variables
    /// count as not set; others are not looked at, because engines have variables of their own.
    package func overridden(
        byEnvironment environment: [String: String]
    ) throws(ConfigurationError) -> ServerConfiguration {
        var copy = self
        let problems = copy.apply(environment)
        return try copy.checked(after: problems)
    }

    /// A copy changed by the flags of the command line.
    package func overridden(
        by overrides: Overrides
    ) throws(ConfigurationError) -> ServerConfiguration {
        var copy = self
        let problems = copy.apply(overrides)
        return try copy.checked(after: problems)
    }

    /// All sources in order: defaults, file, environment, flags. Contradictions between keys are
    /// looked for once at the end, so that a flag can resolve one that a file would have had.
    package static func resolve(
        file: (yaml: String, origin: String)? = nil, environment: [String: String] = [:],
        overrides: Overrides = Overrides()
    ) throws(ConfigurationError) -> ServerConfiguration {
        var configuration = ServerConfiguration()
        var problems: [String] = []
        if let file {
            var reader = YAMLReader(origin: file.origin, into: configuration)
            reader.read(file.yaml)
            configuration = reader.configuration
            problems += reader.problems
        }
        problems += configuration.apply(environment)
        problems += configuration.apply(overrides)
        return try configuration.checked(after: problems)
    }

    private mutating func apply(_ environment: [String: String]) -> [String] {
        var problems: [String] = []
        for key in Self.reference {
            guard let variable = key.environment, let text = environment[variable], !text.isEmpty
            else { continue }
            if let problem = key.assign(key.interpret(text), to: &self) {
                problems.append("\(variable): \(problem)")
            }
        }
        return problems
    }

    private mutating func apply(_ overrides: Overrides) -> [String] {
        var problems = overrides.problems
        for setting in overrides.settings {
            guard let key = Self.reference.first(where: { $0.path == setting.path }) else {
                preconditionFailure("no key \(setting.path) in the reference")
            }
            if let problem = key.assign(setting.value, to: &self) {
                problems.append("\(setting.flag): \(problem)")
            }
        }
        return problems
    }
}
