extension ServerConfiguration {
    /// The keys of what the server remembers and tells of requests.
    static let observability = [
        ConfigurationKey(
            "observability.decision_records",
            .integer(\.observability.decisionRecords, 0...1 << 20), unit: "records",
            "Ended requests that each model remembers for `headway explain`, half of them for promises "
                + "that were not kept; about 300 bytes each; 0 for none."),
        ConfigurationKey(
            "observability.decision_sampling",
            .integer(\.observability.decisionSampling, 1...1_000_000), unit: "requests",
            "Of the requests that were answered as promised, one in so many is remembered."),
        ConfigurationKey(
            "observability.trace_endpoint",
            .optionalText(\.observability.traceEndpoint, otherwise: "no traces"),
            "Where spans are sent as OTLP/HTTP JSON, such as `http://localhost:4318/v1/traces`."),
        ConfigurationKey(
            "observability.trace_ratio", .number(\.observability.traceRatio, 0...1),
            unit: "share",
            "Part of the requests without a `traceparent` that are traced; those with one follow its "
                + "flag."),
    ]
}
