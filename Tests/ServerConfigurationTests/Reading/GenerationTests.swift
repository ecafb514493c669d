import SchedulerCore
import ServerConfiguration
import ServingModel
import Testing

@Suite("The section of text generation")
struct GenerationTests {
    @Test("Every key reaches its place, from the file and from the environment")
    func keys() throws {
        let yaml = """
            generation:
              slots: 4
              prefix_slots: 0
              kv_tokens: 2048
              kv_memory_percent: 50
              swap_bytes: 4096
              max_context: 512
              max_step_tokens: 256
              threads: 3
              exact: true
              policy: vllm-priority
              max_queued_requests: 9
              ttft_ms: [100, 200]
              tpot_ms: [10]
            """
        let generation = try ServerConfiguration.load(yaml: yaml, origin: "headway.yaml").generation
        #expect(generation.slots == 4)
        #expect(generation.prefixSlots == 0)
        #expect(generation.keyValueTokens == 2_048)
        #expect(generation.keyValueMemoryPercent == 50)
        #expect(generation.swapBytes == 4_096)
        #expect(generation.maxContext == 512)
        #expect(generation.maxStepTokens == 256)
        #expect(generation.threads == 3)
        #expect(generation.isExact)
        #expect(generation.policy == .vllmPriority)
        #expect(generation.maxQueuedRequests == 9)
        #expect(generation.firstToken == [.milliseconds(100), .milliseconds(200)])
        #expect(generation.perToken == [.milliseconds(10)])
        let environment = [
            "HEADWAY_GENERATION_SLOTS": "4", "HEADWAY_GENERATION_PREFIX_SLOTS": "0",
            "HEADWAY_GENERATION_KV_TOKENS": "2048", "HEADWAY_GENERATION_KV_MEMORY_PERCENT": "50",
            "HEADWAY_GENERATION_SWAP_BYTES": "4096", "HEADWAY_GENERATION_MAX_CONTEXT": "512",
            "HEADWAY_GENERATION_MAX_STEP_TOKENS": "256",
            "HEADWAY_GENERATION_THREADS": "3", "HEADWAY_GENERATION_EXACT": "true",
            "HEADWAY_GENERATION_POLICY": "vllm-priority",
            "HEADWAY_GENERATION_MAX_QUEUED_REQUESTS": "9",
            "HEADWAY_GENERATION_TTFT_MS": "100,200", "HEADWAY_GENERATION_TPOT_MS": "10",
        ]
        let resolved = try ServerConfiguration.resolve(environment: environment)
        #expect(resolved.generation == generation)
        #expect(resolved.limits == ServerConfiguration().limits)
    }

    @Test(
        "What does not fit names what is allowed",
        arguments: [
            ("exact: maybe", "true or false"), ("exact: 1", "true or false"),
            ("swap_bytes: -1", "from 0 to"), ("policy: vllm", "swb"), ("policy: 3", "swb"),
            ("slots: 0", "1 to 256"),
            ("ttft_ms: 500", "a list of 1 to 16"), ("ttft_ms: []", "a list of 1 to 16"),
            ("tpot_ms: [40, fast]", "'fast'"), ("tpot_ms: [0]", "from 1 to"),
        ])
    func misfits(line: String, hint: String) {
        let found = problems(in: "generation:\n  \(line)\n")
        #expect(found.count == 1)
        #expect(found.first?.hasPrefix("headway.yaml:2: generation.") == true)
        #expect(found.first?.contains(hint) == true, "\(found)")
    }

    @Test("An engine has room for all slots, and a step for all running requests")
    func contradictions() {
        let sequences = problems(in: "generation: {slots: 200, prefix_slots: 57}")
        #expect(sequences.count == 1)
        #expect(sequences.first?.contains("256") == true)
        let step = problems(in: "generation: {slots: 64, max_step_tokens: 32}")
        #expect(step.count == 1)
        #expect(step.first?.contains("max_step_tokens") == true)
    }
}
