extension ServerConfiguration {
    /// The keys of memory that models share.
    static let memory = [
        ConfigurationKey(
            "memory.limit_bytes",
            .optionalInteger(
                \.memory.limitBytes, 1 << 20...1 << 50,
                otherwise: "no limit: all models stay in memory"), unit: "bytes",
            "Memory that all models may hold together. Where they need more, idle ones leave it, and come back "
                + "when they are asked for."),
        ConfigurationKey(
            "memory.limit_percent",
            .optionalInteger(\.memory.limitPercent, 1...100, otherwise: "no limit"),
            unit: "percent",
            "The same as a part of the machine's memory, or of what the container is allowed."),
        ConfigurationKey(
            "memory.minimum_residency_ms", .milliseconds(\.memory.minimumResidency, 0...hour),
            unit: "ms",
            "A model that was loaded for requests that wait stays in memory so long, and at least as long as "
                + "loading took."),
        ConfigurationKey(
            "memory.page_idle_after_ms", .milliseconds(\.memory.idleAfter, 0...day), unit: "ms",
            "A model that nobody asks for so long leaves memory though there is room; 0 for never. Only with a "
                + "limit."),
    ]
}
