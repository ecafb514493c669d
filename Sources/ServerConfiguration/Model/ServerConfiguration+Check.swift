internal import ServingModel

extension ServerConfiguration {
    /// What is wrong between keys; each key's own bounds were checked when it was read.
    func contradictions() -> [String] {
        var problems: [String] = []
        if network.httpPort != 0, network.httpPort == network.metricsPort {
            problems.append(
                "network.http_port and network.metrics_port are both \(network.httpPort); "
                    + "give them different ports, or 0 to pick a free one")
        }
        if limits.maxBodyBytes > limits.maxQueuedBytes {
            problems.append(
                "limits.max_body_bytes is \(limits.maxBodyBytes), more than limits.max_queued_bytes "
                    + "(\(limits.maxQueuedBytes)): such a request could never wait in a queue; "
                    + "raise max_queued_bytes or lower max_body_bytes")
        }
        if limits.maxBodyBytes > limits.maxIncomingBytes {
            problems.append(
                "limits.max_body_bytes is \(limits.maxBodyBytes), more than limits.max_incoming_bytes "
                    + "(\(limits.maxIncomingBytes)): such a request could never come in; "
                    + "raise max_incoming_bytes or lower max_body_bytes")
        }
        if classes.reduce(0, { $0 + $1.floorShare }) > 1 {
            problems.append(
                "the floor_share of all classes together is more than 1; a batch has only one whole"
            )
        }
        if let endpoint = observability.traceEndpoint, !endpoint.hasPrefix("http://") {
            problems.append(
                "observability.trace_endpoint is '\(endpoint)'; it must begin with http://, as in "
                    + "http://localhost:4318/v1/traces"
            )
        }
        for name in exactClasses where !classes.contains(where: { $0.name == name }) {
            problems.append(
                "variants.exact_classes has '\(name)', which is no class; the classes are "
                    + classes.map(\.name).joined(separator: ", "))
        }
        if breaker.firstPause > breaker.longestPause {
            problems.append(
                "breaker.first_pause_ms is more than breaker.longest_pause_ms; pauses only grow")
        }
        if health.memoryCalmPercent >= health.memoryPercent {
            problems.append(
                "health.memory_calm_percent (\(health.memoryCalmPercent)) is not less than "
                    + "health.memory_percent (\(health.memoryPercent)); between the two nothing changes"
            )
        }
        if memory.limitBytes != nil, memory.limitPercent != nil {
            problems.append(
                "memory.limit_bytes and memory.limit_percent are both set; give one of them")
        }
        if generation.slots + generation.prefixSlots > 256 {
            problems.append(
                "generation.slots (\(generation.slots)) and generation.prefix_slots "
                    + "(\(generation.prefixSlots)) together are more than the 256 sequences of an engine"
            )
        }
        if generation.maxStepTokens < generation.slots {
            problems.append(
                "generation.max_step_tokens (\(generation.maxStepTokens)) is less than generation.slots "
                    + "(\(generation.slots)): not every running request could get a token in a step"
            )
        }
        return problems
    }

    /// The configuration itself, unless its keys contradict each other.
    func checked(after problems: [String] = []) throws(ConfigurationError) -> ServerConfiguration {
        // A key that could not be read keeps its old value, which may seem to contradict others.
        let all = problems.isEmpty ? contradictions() : problems
        guard all.isEmpty else { throw ConfigurationError(problems: all) }
        return self
    }
}
