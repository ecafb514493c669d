extension ServerConfiguration {
    /// Most classes: each is a queue for each input shape and a label of every metric.
    static let classCountMax = 16

    /// Every key, in the order of the documentation. Reading, errors and `docs/configuration.md` are
    /// driven by this table.
    package static let reference: [ConfigurationKey] =
        network + general + limits + runtime + classes + breaker + health + memory + generation
        + observability

    static let day = 86_400_000
    static let hour = 3_600_000

    private static let network = [
        ConfigurationKey(
            "network.host", .text(\.network.host), flag: "--host",
            "Address or name of the interface to listen on; `0.0.0.0` for all."),
        ConfigurationKey(
            "network.http_port", .integer(\.network.httpPort, 0...65_535), flag: "--http-port",
            "Port of the HTTP protocols; 0 picks a free one."),
        ConfigurationKey(
            "network.metrics_port", .integer(\.network.metricsPort, 0...65_535),
            flag: "--metrics-port", "Port that serves metrics only; 0 picks a free one."),
    ]

    private static let general = [
        ConfigurationKey(
            "repositories", .texts(\.repositories), flag: "--model-repository",
            "Folders that hold models in Triton's layout; colons separate them in the environment. "
                + "Without any, the demo models are served."),
        ConfigurationKey(
            "log_level", .level(\.logLevel), flag: "--log-level",
            "The least severe messages that are logged."),
        ConfigurationKey(
            "log_format", .format(\.logFormat), flag: "--log-format",
            "How messages are written to standard error: lines for people, or one JSON object each."
        ),
        ConfigurationKey(
            "record", .optionalText(\.record, otherwise: "no recording"), flag: "--record",
            "File to which every event and decision of the schedulers is recorded, for "
                + "`headway replay`; one that is there is kept as `FILE.old`."),
    ]

    private static let limits = [
        ConfigurationKey(
            "limits.max_body_bytes", .integer(\.limits.maxBodyBytes, 1_024...1 << 36),
            unit: "bytes", "Largest body of one request; more is answered 413."),
        ConfigurationKey(
            "limits.max_header_bytes", .integer(\.limits.maxHeaderBytes, 1_024...16 << 20),
            unit: "bytes", "Largest head of one request: request line and all headers."),
        ConfigurationKey(
            "limits.max_queued_requests", .integer(\.limits.maxQueuedRequests, 1...1 << 20),
            unit: "requests", "Most requests that may wait for one model."),
        ConfigurationKey(
            "limits.max_queued_bytes", .integer(\.limits.maxQueuedBytes, 1_024...1 << 40),
            unit: "bytes",
            "Most payload bytes that may wait for one model; at least `limits.max_body_bytes`."),
        ConfigurationKey(
            "limits.max_connections", .integer(\.limits.maxConnections, 1...1_000_000),
            unit: "connections", "Most connections open at a time; more wait to be accepted."),
        ConfigurationKey(
            "limits.max_incoming_bytes", .integer(\.limits.maxIncomingBytes, 1_024...1 << 40),
            unit: "bytes",
            "Most bytes of request bodies that may be coming in at a time, over all connections; a request "
                + "beyond them is answered 503. The first 16 KiB of each body are let in always."),
        ConfigurationKey(
            "limits.max_streams", .integer(\.limits.maxStreams, 1...1 << 20), unit: "answers",
            "Most answers with generated text that may be under way at a time; more is answered 503."
        ),
        ConfigurationKey(
            "limits.header_timeout_ms", .milliseconds(\.limits.headerTimeout, 1...hour),
            unit: "ms", "Time a client has to send a request before it is cut off."),
        ConfigurationKey(
            "limits.min_upload_bytes_per_s", .integer(\.limits.minUploadRate, 1...1 << 30),
            unit: "bytes/s",
            "A client has a second more for so many bytes of its request that have come."),
        ConfigurationKey(
            "limits.write_timeout_ms", .milliseconds(\.limits.writeTimeout, 1...day), unit: "ms",
            "Time after which a client is cut off that takes nothing of the answer that waits for it."
        ),
        ConfigurationKey(
            "limits.idle_timeout_ms", .milliseconds(\.limits.idleTimeout, 1...day), unit: "ms",
            "Time after which a connection without a request is closed."),
        ConfigurationKey(
            "limits.drain_timeout_ms", .milliseconds(\.limits.drainTimeout, 0...hour), unit: "ms",
            "Time that requests in flight have to end when the server shuts down."),
    ]

    private static let runtime = [
        ConfigurationKey(
            "runtime.event_loops",
            .optionalInteger(
                \.runtime.eventLoops, 1...1_024, otherwise: "half of the usable cores, at least 1"),
            unit: "threads", flag: "--event-loops", "Threads that serve connections."),
        ConfigurationKey(
            "runtime.threads_per_instance", .integer(\.runtime.threadsPerInstance, 1...1_024),
            unit: "threads", flag: "--threads-per-instance",
            "Threads that one model instance may use for one batch."),
        ConfigurationKey(
            "runtime.check_outputs", .truth(\.runtime.checksOutputs),
            "Whether answers of engines are looked at before they leave: numbers that are not finite and "
                + "extents that the model does not declare count as failures of the engine. A model's "
                + "`config.pbtxt` may say otherwise by the parameter `check_outputs`."),
    ]

    private static let classes = [
        ConfigurationKey(
            "classes", .classes,
            "Priority classes, most important first; a list replaces the default as a whole."),
        ConfigurationKey(
            "classes[].name", .classColumn(.name),
            "Name that requests use and metrics show; each only once."),
        ConfigurationKey(
            "classes[].weight", .classColumn(.weight(1...1_000_000)),
            "Relative value of one request; the lightest work is given up first."),
        ConfigurationKey(
            "classes[].floor_share", .classColumn(.floorShare(0...0.5)), unit: "share",
            "Part of the largest useful batch that waiting work of this class keeps."),
        ConfigurationKey(
            "classes[].default_deadline_ms", .classColumn(.defaultDeadline(1...day)), unit: "ms",
            "Deadline, counted from arrival, of a request that names none."),
        ConfigurationKey(
            "variants.exact_classes", .texts(\.exactClasses),
            "Names of classes whose requests are never answered by a cheaper variant of a model; colons "
                + "separate them in the environment."),
        ConfigurationKey(
            "variants.quiet_ms", .milliseconds(\.variantQuiet, 1...day), unit: "ms",
            "For how long the load must have been low before a variant leaves memory that was loaded on "
                + "demand (`variant_loading` in a model's `config.pbtxt`)."),
    ]
}
