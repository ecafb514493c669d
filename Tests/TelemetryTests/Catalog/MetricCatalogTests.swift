import Foundation
import Telemetry
import Testing

@Suite("The catalog of metrics")
struct MetricCatalogTests {
    @Test("docs/metrics.md carries the catalog as the code has it")
    func documentation() throws {
        let root = URL(filePath: #filePath).deletingLastPathComponent()
            .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        let document = try String(
            contentsOf: root.appending(path: "docs/metrics.md"), encoding: .utf8)
        let table = MetricCatalog.referenceTable
        if !document.contains(table) {
            Issue.record("the table of docs/metrics.md should be:\n\(table)")
        }
    }

    @Test("Names are unique, and made of what Prometheus allows")
    func names() {
        let names = MetricCatalog.all.map(\.name)
        #expect(Set(names).count == names.count)
        for metric in MetricCatalog.all {
            // vLLM's names have a colon in them, which Prometheus allows.
            let name = metric.name.replacingOccurrences(of: "vllm:", with: "")
            for word in [name] + metric.labels {
                #expect(
                    word.utf8.allSatisfy { (0x61...0x7A).contains($0) || $0 == 0x5F }, "\(word)")
            }
            #expect(!metric.help.isEmpty)
            #expect(!metric.labels.contains("le"))
        }
    }

    @Test("Our own counters end in _total and nothing else does")
    func counters() {
        for metric in MetricCatalog.all where metric.name.hasPrefix("headway_") {
            #expect(metric.name.hasSuffix("_total") == (metric.kind == .counter), "\(metric.name)")
        }
    }

    @Test("Every name is Triton's or vLLM's or carries our prefix")
    func prefixes() {
        let triton: Set = [
            "nv_inference_request_success", "nv_inference_request_failure", "nv_inference_count",
            "nv_inference_exec_count", "nv_inference_pending_request_count",
            "nv_inference_request_duration_us", "nv_inference_queue_duration_us",
            "nv_inference_compute_input_duration_us", "nv_inference_compute_infer_duration_us",
            "nv_inference_compute_output_duration_us", "nv_cpu_utilization",
            "nv_cpu_memory_total_bytes", "nv_cpu_memory_used_bytes", "nv_gpu_utilization",
            "nv_gpu_memory_total_bytes",
            "nv_gpu_memory_used_bytes", "nv_gpu_power_usage",
        ]
        let vLLM: Set = [
            "vllm:num_requests_waiting", "vllm:num_requests_running", "vllm:kv_cache_usage_perc",
            "vllm:cache_config_info",
        ]
        let names = Set(MetricCatalog.all.map(\.name))
        #expect(names.filter { $0.hasPrefix("nv_") } == triton)
        #expect(names.filter { $0.hasPrefix("vllm:") } == vLLM)
        #expect(
            names.subtracting(triton).subtracting(vLLM).allSatisfy { $0.hasPrefix("headway_") })
    }
}
