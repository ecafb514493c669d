internal import ServingModel
internal import ServingRuntime

extension ModelFamily {
    /// Which models are in memory, where that has a limit.
    static let memory: [ModelFamily] = [
        ModelFamily(
            "headway_model_in_memory", .gauge,
            "1 while the model is in memory, 0 while it is paged out or comes in; like the next ones only "
                + "with a memory limit"
        ) { figures, samples in
            guard figures.memory != nil else { return }
            samples.add(int: figures.residency == .resident ? 1 : 0)
        },
        ModelFamily(
            "headway_model_memory_bytes", .gauge,
            "Bytes that the model holds in memory, or would hold, as the memory limit counts them"
        ) { figures, samples in
            if let memory = figures.memory { samples.add(int: memory.bytes) }
        },
        ModelFamily(
            "headway_model_page_ins_total", .counter,
            "Times that the model was brought back into memory"
        ) { figures, samples in
            if let memory = figures.memory { samples.add(int: memory.loads.count) }
        },
        ModelFamily(
            "headway_model_page_in_seconds_total", .counter,
            "Time that bringing the model back into memory took"
        ) { figures, samples in
            if let memory = figures.memory { samples.add(real: memory.loads.total.seconds) }
        },
        ModelFamily(
            "headway_model_page_outs_total", .counter, "Times that the model left memory"
        ) { figures, samples in
            if let memory = figures.memory { samples.add(int: memory.pageOuts) }
        },
        ModelFamily(
            "headway_model_page_waiting_requests", .gauge,
            "Requests that wait for the model to be in memory"
        ) { figures, samples in
            guard figures.memory != nil else { return }
            let waits = figures.residency != .resident
            samples.add(int: waits ? UInt64(figures.load.queuedRequests) : 0)
        },
    ]
}
