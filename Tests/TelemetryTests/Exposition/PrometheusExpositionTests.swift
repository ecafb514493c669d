import ServingModel
import ServingRuntime
import Telemetry
import Testing

@Suite("Prometheus' text exposition")
struct PrometheusExpositionTests {
    private static let model = ["model": "digits", "version": "1"]

    private static func read() throws -> ExpositionGrammar {
        try ExpositionGrammar(
            PrometheusExposition.render(models: [busyModel()], process: quietProcess))
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

    @Test("What the system does not tell is left out, not zero")
    func unknown() throws {
        var process = quietProcess
        process.machine = nil
        process.residentBytes = 0
        let read = try ExpositionGrammar(
            PrometheusExposition.render(models: [], process: process))
        #expect(
            read.families.map(\.name) == [
                "headway_build_info", "headway_process_cpu_seconds_total",
                "headway_process_uptime_seconds",
            ])
    }
}
