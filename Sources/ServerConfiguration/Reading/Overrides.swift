/// What the command line sets. Every key is reachable: the common ones by flags of their own, all that
/// one text can express by `--set KEY=VALUE`.
package struct Overrides: Sendable, Equatable {
    /// One setting as it was written.
    struct Setting: Sendable, Equatable {
        var flag: String
        var path: String
        var value: RawValue
    }

    private(set) var settings: [Setting] = []
    /// What could not even be split into key and value.
    private(set) var problems: [String] = []

    /// Flags that were given; `nil` for those that were not.
    ///
    /// - Parameter settings: Values of `--set`, each as `limits.max_body_bytes=1048576`. They come after
    ///   the flags and so win over them.
    package init(
        host: String? = nil, httpPort: Int? = nil, metricsPort: Int? = nil,
        repositories: [String] = [], eventLoops: Int? = nil, threadsPerInstance: Int? = nil,
        logLevel: String? = nil, logFormat: String? = nil, record: String? = nil,
        settings: [String] = []
    ) {
        add("network.host", host.map(RawValue.text))
        add("network.http_port", httpPort.map(RawValue.integer))
        add("network.metrics_port", metricsPort.map(RawValue.integer))
        add(
            "repositories",
            repositories.isEmpty ? nil : RawValue.list(repositories.map(RawValue.text)))
        add("runtime.event_loops", eventLoops.map(RawValue.integer))
        add("runtime.threads_per_instance", threadsPerInstance.map(RawValue.integer))
        add("log_level", logLevel.map(RawValue.text))
        add("log_format", logFormat.map(RawValue.text))
        add("record", record.map(RawValue.text))
        for setting in settings { add(setting) }
    }

    private mutating func add(_ path: String, _ value: RawValue?) {
        guard let value else { return }
        let key = ServerConfiguration.reference.first { $0.path == path }
        settings.append(Setting(flag: key?.flag ?? path, path: path, value: value))
    }

    private mutating func add(_ setting: String) {
        let parts = setting.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.count == 2 else {
            problems.append("--set \(setting): no '='; write --set KEY=VALUE")
            return
        }
        let path = String(parts[0])
        let keys = ServerConfiguration.reference.filter(\.isSettableByText)
        guard let key = keys.first(where: { $0.path == path }) else {
            problems.append("--set \(setting): \(Self.unknown(path, among: keys.map(\.path)))")
            return
        }
        settings.append(
            Setting(
                flag: "--set \(path)", path: path, value: key.interpret(String(parts[1]))))
    }

    private static func unknown(_ path: String, among paths: [String]) -> String {
        if ServerConfiguration.reference.contains(where: { $0.path == path }) {
            return "'\(path)' can only be set in the file"
        }
        let near = Spelling.nearest(to: path, among: paths).map { "did you mean '\($0)'? " } ?? ""
        return "unknown key '\(path)'; \(near)allowed: \(paths.joined(separator: ", "))"
    }
}
