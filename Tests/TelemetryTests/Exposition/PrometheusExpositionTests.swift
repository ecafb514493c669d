import ServingModel
import ServingRuntime
import Telemetry
import Testing

@Suite("Prometheus' text exposition")
struct PrometheusExpositionTests {
    private static let model = ["model": "digits", "version": "1"]

    private static func read() throws -> ExpositionGrammar {
        try ExpositionGrammar(
            PrometheusExposition.render(
                models: [busyModel()], generators: [busyGenerator()], process: quietProcess))
    }

    @Test("Every family of the catalog appears once, with its type, help and labels, and no other")
    func families() throws {
        let read = try Self.read()
        #expect(read.families.map(\.name) == MetricCatalog.all.map(\.name))
        for (family, metric) in zip(read.families, MetricCatalog.all) {
            #expect(family.kind == metric.kind.rawValue)
            #expect(family.help == metric.help)
            #expect(!family.samples.isEmpty)
            for sample in family.samples {
                let isBucket = sample.name.hasSuffix("_bucket") && metric.kind == .histogram
                #expect(sample.labelNames == metric.labels + (isBucket ? ["le"] : []))
            }
        }
    }

    @Test(
        "Triton's names carry Triton's figures",
        arguments: [
            ("nv_inference_request_success", 5.0), ("nv_inference_count", 13),
            ("nv_inference_exec_count", 4), ("nv_inference_pending_request_count", 7),
            ("nv_inference_request_duration_us", 15_000), ("nv_inference_queue_duration_us", 5_000),
            ("nv_inference_compute_input_duration_us", 50),
            ("nv_inference_compute_infer_duration_us", 7_500),
            ("nv_inference_compute_output_duration_us", 100),
        ])
    func triton(name: String, value: Double) throws {
        #expect(try Self.read().value(name, Self.model) == value)
    }

    @Test(
        "Failures are counted by Triton's reasons",
        arguments: [("REJECTED", 6.0), ("CANCELED", 3), ("BACKEND", 2), ("OTHER", 0)])
    func failures(reason: String, value: Double) throws {
        let labels = Self.model.merging(["reason": reason]) { $1 }
        #expect(try Self.read().value("nv_inference_request_failure", labels) == value)
    }

    @Test(
        "A generator's figures are exposed under our names",
        arguments: [
            ("headway_prompt_tokens_total", 640.0), ("headway_cached_prompt_tokens_total", 128),
            ("headway_generated_tokens_total", 77), ("headway_prefix_queries_total", 10),
            ("headway_prefix_hits_total", 6), ("headway_preemptions_total", 5),
            ("headway_swaps_total", 4),
            ("headway_steps_total", 20), ("headway_step_tokens_total", 600),
            ("headway_step_seconds_total", 1.5), ("headway_generation_running_requests", 4),
            ("headway_queued_prompt_tokens", 900), ("headway_kv_tokens", 512),
            ("headway_kv_cached_tokens", 64), ("headway_kv_capacity_tokens", 2_048),
        ])
    func generator(name: String, value: Double) throws {
        #expect(try Self.read().value(name, ["model": "tales", "version": "2"]) == value)
    }

    @Test(
        "Each class of a generator tells how fast its tokens came and what became of its requests")
    func generatorClasses() throws {
        let read = try Self.read()
        let high = ["model": "tales", "version": "2", "class": "high"]
        let low = high.merging(["class": "low"]) { $1 }
        #expect(read.value("headway_time_to_first_token_seconds_count", high) == 1)
        #expect(read.value("headway_time_to_first_token_seconds_sum", high) == 0.03)
        #expect(read.value("headway_inter_token_latency_seconds_count", high) == 1)
        #expect(read.value("headway_generation_requests_in_time_total", high) == 6)
        #expect(read.value("headway_generation_waiting_requests", low) == 5)
        let missed = low.merging(["reason": "deadline_missed"]) { $1 }
        #expect(read.value("headway_generation_requests_rejected_total", missed) == 8)
    }

    @Test("vLLM's gauges tell queue, running requests and the use of keys and values")
    func vLLM() throws {
        let read = try Self.read()
        let tales = ["model_name": "tales"]
        #expect(read.value("vllm:num_requests_waiting", tales) == 7)
        #expect(read.value("vllm:num_requests_running", tales) == 4)
        #expect(read.value("vllm:kv_cache_usage_perc", tales) == 0.25)
        let blocks = tales.merging(["block_size": "16", "num_gpu_blocks": "128"]) { $1 }
        #expect(read.value("vllm:cache_config_info", blocks) == 1)
    }

    @Test("Each class tells what became of its requests, for every reason there is")
    func classes() throws {
        let read = try Self.read()
        let high = Self.model.merging(["class": "high"]) { $1 }
        let low = Self.model.merging(["class": "low"]) { $1 }
        #expect(read.value("headway_requests_in_time_total", high) == 4)
        #expect(read.value("headway_requests_late_total", high) == 1)
        #expect(read.value("headway_requests_in_time_total", low) == 0)
        #expect(read.value("headway_queued_requests", high) == 3)
        #expect(read.value("headway_queued_requests", low) == 4)
        let expected: [RejectReason: Double] = [.queueFull: 5, .deadlineMissed: 1]
        for reason in RejectReason.allCases {
            let labels = low.merging(["reason": reason.rawValue]) { $1 }
            #expect(
                read.value("headway_requests_rejected_total", labels) == expected[reason] ?? 0)
        }
    }

    @Test(
        "Where memory has a limit, each model tells whether it is there and what that has cost",
        arguments: [
            ("in_memory", 0.0), ("memory_bytes", 5_000), ("page_ins_total", 2),
            ("page_in_seconds_total", 0.5), ("page_outs_total", 3), ("page_waiting_requests", 7),
        ])
    func memory(name: String, value: Double) throws {
        let read = try Self.read()
        #expect(read.value("headway_model_" + name, Self.model) == value)
        #expect(read.value("headway_memory_used_bytes", [:]) == 6_000)
        var unlimited = busyModel()
        unlimited.memory = nil
        let text = PrometheusExposition.render(models: [unlimited], process: quietProcess)
        #expect(!text.contains("headway_model_" + name + "{"))
    }

    @Test("Each instance tells what its breaker does, and each variant what it answered")
    func instances() throws {
        let read = try Self.read()
        func figure(_ name: String, _ labels: [String: String]) -> Double? {
            read.value("headway_" + name, Self.model.merging(labels) { $1 })
        }
        #expect(figure("batch_rows_limit", [:]) == 6)
        #expect(figure("instance_state", ["instance": "0", "state": "closed"]) == 1)
        #expect(figure("instance_state", ["instance": "1", "state": "closed"]) == 0)
        #expect(figure("instance_state", ["instance": "1", "state": "open"]) == 1)
        #expect(figure("instance_isolations_total", ["instance": "1", "cause": "failing"]) == 2)
        #expect(figure("instance_isolations_total", ["instance": "0", "cause": "slow"]) == 0)
        #expect(figure("instance_anomaly", ["instance": "1"]) == 0.75)
        #expect(figure("instance_trials_total", ["instance": "1", "result": "relapsed"]) == 3)
        #expect(figure("variant_requests_total", ["variant": "digits-int8"]) == 2)
        #expect(figure("variant_in_memory", ["variant": "digits"]) == 1)
        #expect(figure("variant_in_memory", ["variant": "digits-int8"]) == 0)
        #expect(figure("variant_loads_total", ["variant": "digits-int8"]) == 2)
        #expect(figure("variant_load_seconds_total", ["variant": "digits-int8"]) == 0.5)
    }

    @Test("A latency histogram accumulates, and a sample on a bound is within it")
    func latency() throws {
        let read = try Self.read()
        func bucket(_ bound: String) -> Double? {
            read.value(
                "headway_request_latency_seconds_bucket",
                Self.model.merging(["class": "high", "le": bound]) { $1 })
        }
        #expect(bucket("0.0001") == 1)
        #expect(bucket("0.0025") == 1)
        #expect(bucket("0.005") == 2)
        #expect(bucket("60") == 2)
        #expect(bucket("+Inf") == 3)
        let labels = Self.model.merging(["class": "high"]) { $1 }
        #expect(read.value("headway_request_latency_seconds_count", labels) == 3)
        let sum = try #require(read.value("headway_request_latency_seconds_sum", labels))
        #expect(abs(sum - 100.0031) < 1e-9)
    }

    @Test("Batch sizes are a histogram over powers of two")
    func batchRows() throws {
        let read = try Self.read()
        func bucket(_ bound: String) -> Double? {
            read.value("headway_batch_rows_bucket", Self.model.merging(["le": bound]) { $1 })
        }
        #expect(["1", "2", "4", "1024", "+Inf"].map(bucket) == [2, 2, 3, 3, 4])
        #expect(read.value("headway_batch_rows_sum", Self.model) == 2_005)
        #expect(read.value("headway_batch_rows_count", Self.model) == 4)
    }

    @Test("Every histogram is monotone and ends in its count")
    func histograms() throws {
        let read = try ExpositionGrammar(
            PrometheusExposition.render(
                models: [busyModel(), busyModel(version: 2)], process: quietProcess))
        for family in read.families where family.kind == "histogram" {
            var last = 0.0
            for sample in family.samples {
                switch sample.labels["le"] {
                case nil:
                    if sample.name.hasSuffix("_count") { #expect(sample.value == last) }
                case "0.0001",
                    "1" where sample.name == "headway_batch_rows_bucket":
                    last = sample.value
                default:
                    #expect(sample.value >= last)
                    last = sample.value
                }
            }
        }
    }

    @Test("Load, readiness and memory of a model are gauges")
    func load() throws {
        let read = try Self.read()
        #expect(read.value("headway_model_ready", Self.model) == 1)
        #expect(read.value("headway_queued_rows", Self.model) == 9)
        #expect(read.value("headway_queued_bytes", Self.model) == 1_024)
        #expect(read.value("headway_in_flight_requests", Self.model) == 8)
        #expect(read.value("headway_model_resident_bytes", Self.model) == 4_096)
        let single = Self.model.merging(["batch": "single"]) { $1 }
        #expect(read.value("headway_predicted_latency_seconds", single) == 0.00125)
        let full = Self.model.merging(["batch": "full"]) { $1 }
        #expect(read.value("headway_predicted_latency_seconds", full) == 0.004)
    }

    @Test("The process tells its version, memory, CPU time and machine")
    func process() throws {
        let read = try Self.read()
        #expect(read.value("headway_build_info", ["version": "1.2.3"]) == 1)
        #expect(read.value("headway_process_resident_bytes") == 1_048_576)
        #expect(read.value("headway_process_cpu_seconds_total") == 1.5)
        #expect(read.value("headway_process_uptime_seconds") == 60)
        #expect(read.value("nv_cpu_utilization") == 0.25)
        #expect(read.value("nv_cpu_memory_total_bytes") == 1_073_741_824)
        #expect(read.value("nv_cpu_memory_used_bytes") == 536_870_912)
        #expect(read.value("nv_gpu_utilization", ["gpu_uuid": "GPU-1"]) == 0.5)
        #expect(read.value("nv_gpu_memory_total_bytes", ["gpu_uuid": "GPU-1"]) == 17_179_869_184)
    }

    @Test("Label values with quotes, backslashes and line feeds come back unharmed")
    func escaping() throws {
        let name = "a\"b\\c\nd\\n é 模"
        let read = try ExpositionGrammar(
            PrometheusExposition.render(models: [busyModel(name)], process: quietProcess))
        #expect(read.value("nv_inference_count", ["model": name, "version": "1"]) == 13)
    }

    @Test("The samples of several models stand together in each family")
    func severalModels() throws {
        let read = try ExpositionGrammar(
            PrometheusExposition.render(
                models: [busyModel("a"), busyModel("b"), busyModel("b", version: 2)],
                process: quietProcess))
        let counts = try #require(read.family("nv_inference_count"))
        #expect(
            counts.samples.map(\.labels) == [
                ["model": "a", "version": "1"], ["model": "b", "version": "1"],
                ["model": "b", "version": "2"],
            ])
    }

    @Test("What connections hold and were denied is told, by cause, nothing included")
    func connections() throws {
        let read = try ExpositionGrammar(
            PrometheusExposition.render(models: [], process: quietProcess))
        #expect(read.value("headway_connections") == 3)
        #expect(read.value("headway_incoming_body_bytes") == 70_000)
        #expect(read.value("headway_streams") == 2)
        #expect(read.value("headway_connections_cut_total", ["cause": "slow_reader"]) == 4)
        #expect(read.value("headway_connections_cut_total", ["cause": "slow_sender"]) == 0)
        #expect(read.value("headway_requests_refused_total", ["cause": "streams"]) == 5)
    }

    @Test("What the system does not tell is left out, not zero")
    func unknown() throws {
        var process = quietProcess
        process.machine = nil
        process.residentBytes = 0
        process.proportionalBytes = nil
        process.gpus = []
        process.traces = nil
        process.connections = nil
        process.memoryGrowth = nil
        process.memory = nil
        let read = try ExpositionGrammar(
            PrometheusExposition.render(models: [], process: process))
        #expect(
            read.families.map(\.name) == [
                "headway_build_info", "headway_process_cpu_seconds_total",
                "headway_process_uptime_seconds",
            ])
    }
}
