extension ServerConfiguration {
    /// Everything that is wrong with what the operator wrote. Nested, because model repositories have
    /// an error of the same name.
    package struct ConfigurationError: Error, Hashable, Sendable, CustomStringConvertible {
        /// One sentence for each problem, with the place where it was written; never empty.
        package let problems: [String]

        /// The problems, one on each line.
        package var description: String { problems.joined(separator: "\n") }
    }
}
