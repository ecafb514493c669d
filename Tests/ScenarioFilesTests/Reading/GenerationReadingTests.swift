import ScenarioFiles
import SchedulerCore
import Simulator
import Testing

/// The least that a scenario of text generation says, with more lines behind it.
func text(_ more: String = "") -> String {
    "name: x\narrivals: {process: poisson, rate_rps: 40, lengths: 300, outputs: 100}\n"
        + "generation: {}\n" + more
}

@Suite("Reading scenarios of text generation")
struct GenerationReadingTests {
    @Test("Every key of text generation is read")
    func whole() throws {
        let read = try scenario(
            """
            name: chat
            devices: {base_ms: 5, per_item_ms: 0.03, noise: 0.02}
            generation: {per_kv_ktoken_ms: 0.05, kv_tokens: 60000, slots: 100, cache_slots: 9, block_tokens: 32, max_context: 9000, prediction_error: 0.35}
            classes:
              - {name: high, share: 3, weight: 8, ttft_ms: 500, tpot_ms: 40}
              - {name: low, ttft_ms: 8000, tpot_ms: 150}
            arrivals:
              process: poisson
              rate_rps: 40
              lengths: {log_normal: {median: 365, sigma: 1.1, min: 16, max: 8000}}
              outputs: {uniform: [4, 1500]}
              prefixes: {count: 40, share: 0.5, tokens: {uniform: [100, 500]}}
            targets: [{policy: swb, class: high, figure: ttft_p99_ms, at_most: 400}, {figure: tpot_ms.p99, at_most: 40}]
            """)
        var plan = GenerationPlan()
        plan.perKeyValueKiloTokenMilliseconds = 0.05
        plan.keyValueTokens = 60_000
        plan.slots = 100
        plan.cacheSlots = 9
        plan.blockTokens = 32
        plan.maxContext = 9_000
        plan.predictionError = 0.35
        #expect(read.generation == plan)
        #expect(read.devices.baseMilliseconds == 5 && read.devices.perItemMilliseconds == 0.03)
        #expect(
            read.classes == [
                ScenarioClass(name: "high", firstToken: 500, perToken: 40, weight: 8, share: 3),
                {
                    var low = ScenarioClass(name: "low", firstToken: 8_000, perToken: 150)
                    low.floorShare = 0.1
                    return low
                }(),
            ])
        #expect(
            read.arrivals.lengths == .logNormal(median: 365, sigma: 1.1, range: 16...8_000))
        #expect(read.arrivals.outputs == .uniform(4...1_500))
        #expect(
            read.arrivals.prefixes
                == SharedPrefixes(count: 40, share: 0.5, tokens: .uniform(100...500)))
        #expect(read.targets.map(\.figure) == ["ttft_p99_ms", "tpot_ms.p99"])
    }

    @Test("What the file does not say about text is the device and the classes of the notes")
    func defaults() throws {
        let read = try scenario(text())
        #expect(read.generation == GenerationPlan())
        #expect(read.devices == .ofGeneratedText)
        #expect(read.classes == ScenarioClass.ofGeneratedText)
        #expect(read.policies == [ScenarioPolicy(GenerationRule(.slackAware), name: "swb")])
        try read.validate()
    }

    @Test(
        "A policy of text generation can be spelt as a name, with settings, and with a name of its own"
    )
    func policies() throws {
        let read = try scenario(
            text(
                """
                policies:
                  - vllm-fcfs
                  - {swb: {prefix_cache: false, swap_ms_per_ktoken: 1.5}}
                  - {name: chunks, sarathi: {chunk: 256}}
                  - {static: {size: 8, prefix_cache: false}}
                  - {orca: }
                """))
        #expect(read.policies.map(\.name) == ["vllm-fcfs", "swb", "chunks", "static", "orca"])
        let rules = read.policies.compactMap(\.generation)
        #expect(
            rules.map(\.policy) == [
                .vllmFCFS, .slackAware, .sarathi(chunk: 256), .staticBatch(size: 8), .orca,
            ])
        #expect(rules.map(\.cachesPrefixes) == [true, false, true, false, true])
        #expect(rules[1].swapMillisecondsPerKiloToken == 1.5)
    }

    @Test(
        "Models beside a generator are read in the terms of batches, and a policy may say whose turn it is"
    )
    func beside() throws {
        let read = try scenario(
            """
            name: x
            generation:
              beside:
                - name: embeddings
                  devices: {base_ms: 3, per_item_ms: 0.15}
                  classes: [{name: query, deadline_ms: 60}]
                  arrivals: {process: even, rate_rps: 100}
                  max_batch: 64
            arrivals: {process: even, rate_rps: 1, lengths: 30, outputs: 10}
            policies: [swb, {name: in turn, swb: {sharing: alternation}}]
            targets:
              - {policy: swb, class: embeddings/query, figure: in_time_pct, at_least: 99}
            """)
        let model = try #require(read.generation?.companions.first)
        #expect(model.name == "embeddings" && model.maxBatch == 64)
        #expect(model.devices.baseMilliseconds == 3)
        #expect(model.classes.map(\.deadlineMilliseconds) == [60])
        #expect(read.policies.compactMap(\.generation?.sharing) == [.claims, .alternation])
        try read.validate()
    }

    @Test("--policy takes policies of text for text and of batches for batches")
    func limited() throws {
        var read = try scenario(text("policies: [swb, orca]"))
        try read.limitPolicies(to: ["orca", "sarathi"])
        #expect(read.policies.map(\.name) == ["orca", "sarathi"])
        #expect(read.policies.last?.generation == GenerationRule(.sarathi(chunk: 512)))
        #expect(throws: UnknownPolicy.self) { try read.limitPolicies(to: ["triton"]) }
    }

    @Test("A recording brings its own lengths")
    func recorded() throws {
        let read = try scenario(
            "name: x\ngeneration: {}\narrivals: {process: trace, file: a.jsonl, block_tokens: 256}")
        guard case .trace(let plan) = read.arrivals.process else {
            Issue.record("not a trace: \(read.arrivals.process)")
            return
        }
        #expect(plan.tokensPerBlock == 256)
    }

    @Test(
        "An error names the line, the key and what is allowed",
        arguments: [
            WrongFile(
                text("policies: [triton]"), line: 4, "unknown policy 'triton'", "vllm-priority"),
            WrongFile(
                text("policies: [{sarathi: {chunck: 3}}]"), line: 4, "'chunck'",
                "did you mean 'chunk'"),
            WrongFile(
                text("policies: [{orca: {chunk: 3}}]"), line: 4, "unknown key 'chunk'",
                "allowed: prefix_cache, swap_ms_per_ktoken, sharing"),
            WrongFile(
                text("policies: [{swb: {sharing: claim}}]"), line: 4,
                "swb.sharing is the text 'claim'",
                "claims, alternation"),
            WrongFile(
                "name: x\ngeneration: {beside: [{name: a}]}\narrivals: {process: even, rate_rps: 1, lengths: 3, "
                    + "outputs: 3}", line: 2, "beside[0].arrivals is missing"),
            WrongFile(
                text("policies: [{swb: {}, orca: {}}]"), line: 4, "names swb and orca",
                "one policy an entry"),
            WrongFile(
                text("devices: {tile: 8}"), line: 4, "devices.tile means nothing for text",
                "leave it out"),
            WrongFile(text("limits: {max_batch: 8}"), line: 4, "limits.max_batch means nothing"),
            WrongFile(text("optimum: true"), line: 4, "optimum means nothing"),
            WrongFile(
                text("classes: [{name: a, ttft_ms: 5}]"), line: 4,
                "classes[0].tpot_ms is missing", "above 0"),
            WrongFile(
                text("classes: [{name: a, ttft_ms: 5, tpot_ms: 4, deadline_ms: 3}]"), line: 4,
                "classes[0].deadline_ms means nothing"),
            WrongFile(
                "name: x\ngeneration: {}\narrivals: {process: even, rate_rps: 1, lengths: 3}",
                line: 3, "arrivals.outputs is missing", "log_normal"),
            WrongFile(
                "name: x\ngeneration: {kv_tokens: 0}\n"
                    + "arrivals: {process: even, rate_rps: 1, lengths: 3, outputs: 3}",
                line: 2, "generation.kv_tokens is 0", "1 to 1000000000"),
            WrongFile(
                minimal("classes: [{name: a, deadline_ms: 5, ttft_ms: 3}]"), line: 3,
                "classes[0].ttft_ms without generation"),
            WrongFile(
                minimal("targets: [{figure: ttft_ms.p99, at_most: 3}]"), line: 3,
                "'ttft_ms.p99' is not a figure of a whole run without generation"),
        ])
    func errors(wrong: WrongFile) {
        let found = problems(wrong.yaml)
        #expect(found.count == 1, "\(found)")
        let place = wrong.line.map { "s.yaml:\($0): " } ?? "s.yaml: "
        #expect(found.first?.hasPrefix(place) == true, "\(found)")
        for part in wrong.says { #expect(found.first?.contains(part) == true, "\(found)") }
    }
}
