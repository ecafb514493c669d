extension ServerConfiguration {
    /// The keys of the health rules.
    static let health = [
        ConfigurationKey(
            "health.enabled", .truth(\.health.isEnabled),
            "Whether health rules change settings of models that are not well."),
        ConfigurationKey(
            "health.dry_run", .truth(\.health.isDryRun),
            "Whether they only tell, in the log and on the dashboard, what they would change."),
        ConfigurationKey(
            "health.batch_rule", .truth(\.health.raisesBatches),
            "Whether a limit of batches that was learnt when memory was short is raised again."),
        ConfigurationKey(
            "health.utilization_percent", .integer(\.health.utilizationPercent, 1...100),
            unit: "percent",
            "It is while work waits and less than this part of the best throughput is delivered."),
        ConfigurationKey(
            "health.memory_rule", .truth(\.health.limitsMemory),
            "Whether fewer requests may wait while memory is short."),
        ConfigurationKey(
            "health.memory_percent", .integer(\.health.memoryPercent, 2...100), unit: "percent",
            "Memory is short above this part; each second a fifth fewer may wait."),
        ConfigurationKey(
            "health.memory_calm_percent", .integer(\.health.memoryCalmPercent, 1...99),
            unit: "percent",
            "Below this part more may wait again, a twentieth each second; in between nothing changes."
        ),
        ConfigurationKey(
            "health.memory_limit_bytes",
            .optionalInteger(
                \.health.memoryLimitBytes, 1 << 20...1 << 48,
                otherwise: "the machine's memory, or what the container is allowed"),
            unit: "bytes", "What the parts are of: memory that the process may have."),
        ConfigurationKey(
            "health.latency_rule", .truth(\.health.prefersVariants),
            "Whether a cheaper variant of a model is preferred while answers take long."),
        ConfigurationKey(
            "health.latency_ms", .milliseconds(\.health.latency, 1...hour), unit: "ms",
            "It is when the mean latency has been above this for two seconds."),
        ConfigurationKey(
            "health.load_calm_percent", .integer(\.health.loadCalmPercent, 1...100),
            unit: "percent",
            "The dearer variant is back after five seconds below this part of the full model's capacity."
        ),
    ]
}
