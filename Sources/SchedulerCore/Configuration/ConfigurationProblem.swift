/// What is wrong with a configuration, for whoever wrote it: a scenario, a trace, a program.
package struct ConfigurationProblem: Error, Equatable, CustomStringConvertible {
    /// A sentence that names the setting and what is allowed.
    package let description: String
}

/// Ends a check when something does not hold.
func require(_ holds: Bool, _ problem: @autoclosure () -> String) throws(ConfigurationProblem) {
    guard holds else { throw ConfigurationProblem(description: problem()) }
}
