internal import ServingModel
internal import ServingRuntime

extension ModelFamily {
    /// The present state of a model.
    static let load: [ModelFamily] = [
        ModelFamily("headway_model_ready", .gauge, "1 when the model takes requests, else 0") {
            $1.add(int: $0.isReady ? 1 : 0)
        },
        ModelFamily(
            "headway_queued_requests", .gauge, labels: ["class"], "Requests that wait, by class"
        ) { figures, samples in
            for (name, count) in zip(figures.classes, figures.load.queuedByClass) {
                samples.add([name], int: UInt64(count))
            }
        },
        ModelFamily("headway_queued_rows", .gauge, "Rows that wait") {
            $1.add(int: UInt64($0.load.queuedRows))
        },
        ModelFamily("headway_queued_bytes", .gauge, "Payload bytes that wait") {
            $1.add(int: UInt64($0.load.queuedBytes))
        },
        ModelFamily("headway_in_flight_requests", .gauge, "Requests that wait or run") {
            $1.add(int: UInt64($0.load.inFlight))
        },
        ModelFamily(
            "headway_instance_busy_seconds_total", .counter, labels: ["model_instance"],
            "Time that each instance had a batch, from decision to answers"
        ) { figures, samples in
            for (instance, busy) in figures.statistics.busy.enumerated() {
                samples.add(["\(instance)"], real: busy.seconds)
            }
        },
        ModelFamily(
            "headway_predicted_latency_seconds", .gauge, labels: ["batch"],
            "Promised duration of a batch of one row (single) and of the largest batch (full)"
        ) { figures, samples in
            samples.add(["single"], real: figures.load.predictedSingle.seconds)
            samples.add(["full"], real: figures.load.predictedFull.seconds)
        },
        ModelFamily(
            "headway_batch_rows_limit", .gauge,
            "Most rows of a batch: the model's limit, or less once more did not fit the engine's memory"
        ) { $1.add(int: UInt64($0.load.maxBatchRows)) },
        ModelFamily(
            "headway_model_resident_bytes", .gauge,
            "Resident bytes that loading the model added to the process; an estimate"
        ) { $1.add(int: $0.measuredBytes) },
    ]
}
