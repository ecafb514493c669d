internal import ServingModel
internal import ServingRuntime

extension ModelFamily {
    /// Triton's own names, so that dashboards and autoscalers made for it work unchanged.
    ///
    /// Its durations are sums over successful requests, in microseconds.
    static let triton: [ModelFamily] = [
        ModelFamily(
            "nv_inference_request_success", .counter,
            "Number of successful inference requests, all batch sizes"
        ) { $1.add(int: $0.statistics.success.count) },
        ModelFamily(
            "nv_inference_request_failure", .counter, labels: ["reason"],
            "Number of failed inference requests, all batch sizes"
        ) { figures, samples in
            let statistics = figures.statistics
            samples.add(["REJECTED"], int: statistics.rejected)
            samples.add(["CANCELED"], int: statistics.cancelled)
            samples.add(["BACKEND"], int: statistics.failure.count)
            // Nothing else ends a request here; the series exists because Triton has it.
            samples.add(["OTHER"], int: 0)
        },
        ModelFamily(
            "nv_inference_count", .counter,
            "Number of inferences performed: every row of a batch counts"
        ) { $1.add(int: $0.statistics.inferences) },
        ModelFamily(
            "nv_inference_exec_count", .counter, "Number of model executions performed: batches"
        ) { $1.add(int: $0.statistics.executions) },
        ModelFamily(
            "nv_inference_pending_request_count", .gauge,
            "Number of requests that wait for execution"
        ) { $1.add(int: UInt64($0.load.queuedRequests)) },
        duration("nv_inference_request_duration_us", "from arrival to answer", \.success.total),
        duration("nv_inference_queue_duration_us", "waiting in the queue", \.queue.total),
        duration(
            "nv_inference_compute_input_duration_us", "gathering inputs", \.computeInput.total),
        duration("nv_inference_compute_infer_duration_us", "in the engine", \.computeInfer.total),
        duration(
            "nv_inference_compute_output_duration_us", "handing outputs out", \.computeOutput.total
        ),
    ]

    private static func duration(
        _ name: String, _ what: String, _ total: any KeyPath<ModelStatistics, Interval> & Sendable
    ) -> ModelFamily {
        ModelFamily(name, .counter, "Cumulative time of successful requests \(what), microseconds")
        {
            $1.add(int: $0.statistics[keyPath: total].nanoseconds / 1_000)
        }
    }
}
