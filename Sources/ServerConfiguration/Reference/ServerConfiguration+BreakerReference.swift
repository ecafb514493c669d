extension ServerConfiguration {
    /// The keys of circuit breakers.
    static let breaker = [
        ConfigurationKey(
            "breaker.enabled", .truth(\.breaker.isEnabled),
            "Whether instances that fail, hang or are slow are taken out of service and tried again."
        ),
        ConfigurationKey(
            "breaker.adaptive", .truth(\.breaker.isAdaptive),
            "Whether an instance is taken out earlier while its latencies or failures are an anomaly."
        ),
        ConfigurationKey(
            "breaker.failures", .integer(\.breaker.failures, 1...1_000), unit: "batches",
            "Failures in a row that take an instance out."),
        ConfigurationKey(
            "breaker.slowdown", .number(\.breaker.slowdown, 1.1...1_000),
            "An instance is slow when the median of its last 20 batches took so many times as long as "
                + "predicted, and another instance did not."),
        ConfigurationKey(
            "breaker.stall_factor", .integer(\.breaker.stallFactor, 2...10_000),
            "A batch that takes so many times as long as predicted is given up: its requests are answered "
                + "with an error, and its instance is out until the call returns."),
        ConfigurationKey(
            "breaker.stall_ms", .milliseconds(\.breaker.leastStall, 10...hour), unit: "ms",
            "No batch is given up earlier."),
        ConfigurationKey(
            "breaker.first_pause_ms", .milliseconds(\.breaker.firstPause, 10...hour), unit: "ms",
            "Time after which an instance that was taken out may serve one request as a trial; doubles with "
                + "each trial that fails."),
        ConfigurationKey(
            "breaker.longest_pause_ms", .milliseconds(\.breaker.longestPause, 10...hour),
            unit: "ms", "The longest time between two trials."),
        ConfigurationKey(
            "breaker.renewal_growth_bytes", .integer(\.breaker.renewalGrowth, 0...1 << 40),
            unit: "bytes",
            "When the server's memory has done nothing but grow, by so many bytes, instances are made anew "
                + "one after the other, to find the one whose engine leaks; 0 for never."),
    ]
}
