internal import ServingModel
internal import ServingRuntime

extension GeneratorFamily {
    /// What became of the requests of each class: the promises, kept or not.
    static let outcomes: [GeneratorFamily] = [
        GeneratorFamily(
            "headway_generation_requests_in_time_total", .counter, labels: ["class"],
            "Answers whose first token and whose time per token were as promised"
        ) { figures, samples in
            figures.forEachClass { samples.add([$0], int: $1.inTime) }
        },
        GeneratorFamily(
            "headway_generation_requests_late_total", .counter, labels: ["class"],
            "Answers that came whole, but not as fast as promised"
        ) { figures, samples in
            figures.forEachClass { samples.add([$0], int: $1.late) }
        },
        GeneratorFamily(
            "headway_generation_requests_rejected_total", .counter, labels: ["class", "reason"],
            "Prompts that the scheduler refused, by reason"
        ) { figures, samples in
            figures.forEachClass { name, outcome in
                for reason in RejectReason.allCases {
                    samples.add([name, reason.rawValue], int: outcome.rejected[reason] ?? 0)
                }
            }
        },
        GeneratorFamily(
            "headway_generation_requests_ended_total", .counter, labels: ["end"],
            "Requests by what ended them: the model or a stop string (stop), a limit (length), "
                + "the engine (failed), the client (cancelled)"
        ) { figures, samples in
            samples.add(["stop"], int: figures.statistics.stopped)
            samples.add(["length"], int: figures.statistics.cutOff)
            samples.add(["failed"], int: figures.statistics.failed)
            samples.add(["cancelled"], int: figures.statistics.cancelled)
        },
    ]

    /// How long things took.
    static let histograms: [GeneratorFamily] = [
        histogram(
            "headway_time_to_first_token_seconds", "Time from arrival to the first token",
            \.firstToken),
        histogram(
            "headway_inter_token_latency_seconds",
            "Time between two tokens of an answer that follow each other", \.betweenTokens),
        histogram(
            "headway_generation_queue_seconds",
            "Time from arrival to the first step that the request rode", \.queue),
        histogram(
            "headway_generation_latency_seconds",
            "Time from arrival to the end, of answers that came whole", \.total),
    ]

    /// What was computed.
    static let work: [GeneratorFamily] = [
        counter(
            "headway_prompt_tokens_total",
            "Prompt tokens of requests that began to run, those found in the prefix cache included",
            \.promptTokens),
        counter(
            "headway_cached_prompt_tokens_total",
            "Prompt tokens that were found in the prefix cache", \.cachedTokens),
        counter("headway_generated_tokens_total", "Tokens that were generated", \.generatedTokens),
        counter("headway_prefix_queries_total", "Requests that began to run", \.started),
        counter(
            "headway_prefix_hits_total",
            "Requests that began to run with tokens of the prefix cache", \.prefixHits),
        counter(
            "headway_preemptions_total",
            "Times that a running request went back to the queue because memory ran short",
            \.preemptions),
        counter(
            "headway_swaps_total",
            "Of these, times that its keys and values were kept in the machine's memory", \.swaps),
        counter("headway_steps_total", "Steps that ran", \.steps),
        counter(
            "headway_step_tokens_total", "Tokens that all steps fed, of prompts and of answers",
            \.stepTokens),
        GeneratorFamily(
            "headway_step_seconds_total", .counter, "Time that all steps took, sampling included"
        ) { $1.add(real: $0.statistics.stepTime.seconds) },
    ]

    /// The present state of a generator.
    static let load: [GeneratorFamily] = [
        GeneratorFamily(
            "headway_generation_waiting_requests", .gauge, labels: ["class"],
            "Requests that wait for a slot, by class"
        ) { figures, samples in
            for (name, count) in zip(figures.classes, figures.load.waitingByClass) {
                samples.add([name], int: UInt64(count))
            }
        },
        gauge("headway_generation_running_requests", "Requests that hold a slot", \.running),
        gauge("headway_queued_prompt_tokens", "Prompt tokens that wait", \.queuedTokens),
        gauge(
            "headway_kv_tokens",
            "Tokens whose keys and values are held, by requests and by the prefix cache",
            \.keyValueTokens),
        gauge("headway_kv_cached_tokens", "Tokens that the prefix cache holds", \.cachedTokens),
        gauge(
            "headway_kv_capacity_tokens", "Room for keys and values, in tokens", \.keyValueCapacity),
        GeneratorFamily(
            "headway_predicted_step_seconds", .gauge, labels: ["part"],
            "Promised duration of a step of one short sequence (step), and what one more prompt token "
                + "adds (token)"
        ) { figures, samples in
            samples.add(["step"], real: figures.load.predictedStep.seconds)
            samples.add(["token"], real: figures.load.predictedToken.seconds)
        },
    ]

    /// vLLM's own names, by which gateways of the Gateway API Inference Extension pick a server.
    static let vLLM: [GeneratorFamily] = [
        GeneratorFamily(vLLM: "num_requests_waiting", "Number of requests that wait for a slot") {
            $1.add(int: UInt64($0.load.waiting))
        },
        GeneratorFamily(vLLM: "num_requests_running", "Number of requests that hold a slot") {
            $1.add(int: UInt64($0.load.running))
        },
        GeneratorFamily(
            vLLM: "kv_cache_usage_perc", "Share of the room for keys and values in use [0.0 - 1.0]"
        ) { $1.add(real: $0.load.keyValueShare) },
        GeneratorFamily(
            vLLM: "cache_config_info", labels: ["block_size", "num_gpu_blocks"],
            "Always 1; the labels tell the tokens of a block and the number of blocks"
        ) { figures, samples in
            let block = max(figures.load.blockTokens, 1)
            samples.add(["\(block)", "\(figures.load.keyValueCapacity / block)"], int: 1)
        },
    ]

    private static func counter(
        _ name: String, _ help: String,
        _ value: any KeyPath<GenerationStatistics, UInt64> & Sendable
    ) -> GeneratorFamily {
        GeneratorFamily(name, .counter, help) { $1.add(int: $0.statistics[keyPath: value]) }
    }

    private static func gauge(
        _ name: String, _ help: String, _ value: any KeyPath<GenerationLoad, Int> & Sendable
    ) -> GeneratorFamily {
        GeneratorFamily(name, .gauge, help) { $1.add(int: UInt64($0.load[keyPath: value])) }
    }

    private static func histogram(
        _ name: String, _ help: String,
        _ value: any KeyPath<GenerationStatistics.Class, LatencyHistogram> & Sendable
    ) -> GeneratorFamily {
        GeneratorFamily(name, .histogram, labels: ["class"], help) { figures, samples in
            figures.forEachClass { samples.add([$0], histogram: $1[keyPath: value]) }
        }
    }
}
