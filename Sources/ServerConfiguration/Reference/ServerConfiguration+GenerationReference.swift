extension ServerConfiguration {
    /// The keys of models that generate text.
    static let generation = [
        ConfigurationKey(
            "generation.slots", .integer(\.generation.slots, 1...256), unit: "requests",
            "Most requests of one model that generate at the same time."),
        ConfigurationKey(
            "generation.prefix_slots", .integer(\.generation.prefixSlots, 0...255),
            unit: "prefixes",
            "Prefixes of prompts that one model keeps for requests that begin alike; 0 for none."),
        ConfigurationKey(
            "generation.kv_tokens",
            .optionalInteger(
                \.generation.keyValueTokens, 16...1 << 30,
                otherwise: "full slots, within `kv_memory_percent`"), unit: "tokens",
            "Room for keys and values of one model."),
        ConfigurationKey(
            "generation.kv_memory_percent",
            .integer(\.generation.keyValueMemoryPercent, 1...90), unit: "percent",
            "Part of the machine's memory, or of what the container is allowed, that keys and values of one "
                + "model may take, where `kv_tokens` is not set."),
        ConfigurationKey(
            "generation.swap_bytes", .integer(\.generation.swapBytes, 0...1 << 40),
            unit: "bytes",
            "Memory of the machine in which one model keeps keys and values of requests that lost their "
                + "slots, where copying them is quicker than computing them again; 0 for none."),
        ConfigurationKey(
            "generation.max_context",
            .optionalInteger(
                \.generation.maxContext, 2...1 << 30, otherwise: "the model's own"),
            unit: "tokens", "Longest sequence, prompt and answer together."),
        ConfigurationKey(
            "generation.max_step_tokens", .integer(\.generation.maxStepTokens, 1...1 << 20),
            unit: "tokens", "Most tokens of one step, prompts and answers together."),
        ConfigurationKey(
            "generation.threads",
            .optionalInteger(
                \.generation.threads, 1...1_024, otherwise: "`runtime.threads_per_instance`"),
            unit: "threads", "Threads that compute a step."),
        ConfigurationKey(
            "generation.exact", .truth(\.generation.isExact),
            "Whether an answer is the same to the last bit whatever shares its steps; costs memory "
                + "and speed."),
        ConfigurationKey(
            "generation.policy", .policy(\.generation.policy),
            "Who decides what a step consists of: `swb`, or the rules of another server."),
        ConfigurationKey(
            "generation.max_queued_requests",
            .integer(\.generation.maxQueuedRequests, 1...1 << 20), unit: "requests",
            "Most requests that may wait for one model."),
        ConfigurationKey(
            "generation.ttft_ms", .millisecondsByClass(\.generation.firstToken, 1...day),
            unit: "ms",
            "Time to the first token promised to each of `classes`, in their order; the last one counts "
                + "for all further classes. Commas separate them in the environment."),
        ConfigurationKey(
            "generation.tpot_ms", .millisecondsByClass(\.generation.perToken, 1...hour),
            unit: "ms",
            "Time promised for each further token, likewise."),
    ]
}
