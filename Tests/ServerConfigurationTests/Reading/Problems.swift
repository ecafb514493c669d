import ServerConfiguration

/// What loading `yaml` finds wrong; empty when it loads.
func problems(in yaml: String) -> [String] {
    problems { () throws(ServerConfiguration.ConfigurationError) in
        _ = try ServerConfiguration.load(yaml: yaml, origin: "headway.yaml")
    }
}

/// What `body` finds wrong; empty when it succeeds.
func problems(
    _ body: () throws(ServerConfiguration.ConfigurationError) -> Void
) -> [String] {
    do {
        try body()
        return []
    } catch {
        return error.problems
    }
}
