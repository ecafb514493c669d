internal import ServingModel
internal import ServingRuntime

extension ModelFamily {
    /// What became of the requests of each class: the promise, kept or not.
    static let outcomes: [ModelFamily] = [
        ModelFamily(
            "headway_requests_in_time_total", .counter, labels: ["class"],
            "Requests answered before their deadline"
        ) { figures, samples in
            figures.forEachClass { samples.add([$0], int: $1.inTime) }
        },
        ModelFamily(
            "headway_requests_late_total", .counter, labels: ["class"],
            "Requests answered after their deadline"
        ) { figures, samples in
            figures.forEachClass { samples.add([$0], int: $1.late) }
        },
        ModelFamily(
            "headway_requests_rejected_total", .counter, labels: ["class", "reason"],
            "Requests that the scheduler refused, by reason"
        ) { figures, samples in
            figures.forEachClass { name, outcome in
                for reason in RejectReason.allCases {
                    samples.add([name, reason.rawValue], int: outcome.rejected[reason] ?? 0)
                }
            }
        },
    ]

    /// Which variant of the model answered, and which are in memory.
    static let variants: [ModelFamily] = [
        ModelFamily(
            "headway_variant_requests_total", .counter, labels: ["variant"],
            "Requests answered by each variant of a model that has cheaper ones"
        ) { figures, samples in
            for (name, count) in zip(figures.variants, figures.statistics.variants) {
                samples.add([name], int: count)
            }
        },
        ModelFamily(
            "headway_variant_in_memory", .gauge, labels: ["variant"],
            "1 while batches may have the variant, 0 while it is not in memory"
        ) { figures, samples in
            for name in figures.variants {
                samples.add([name], int: figures.presentVariants.contains(name) ? 1 : 0)
            }
        },
        ModelFamily(
            "headway_variant_loads_total", .counter, labels: ["variant"],
            "Times that a variant was loaded on demand"
        ) { figures, samples in
            for (name, loads) in zip(figures.variants, figures.statistics.variantLoads) {
                samples.add([name], int: loads.count)
            }
        },
        ModelFamily(
            "headway_variant_load_seconds_total", .counter, labels: ["variant"],
            "Time that loading a variant on demand took"
        ) { figures, samples in
            for (name, loads) in zip(figures.variants, figures.statistics.variantLoads) {
                samples.add([name], real: loads.total.seconds)
            }
        },
    ]

    /// How long things took and how large batches were.
    static let histograms: [ModelFamily] = [
        ModelFamily(
            "headway_request_latency_seconds", .histogram, labels: ["class"],
            "Time from arrival to the end of the batch, of answered requests"
        ) { figures, samples in
            figures.forEachClass { samples.add([$0], histogram: $1.latency) }
        },
        ModelFamily(
            "headway_request_queue_seconds", .histogram, labels: ["class"],
            "Time from arrival to the start of the batch, of answered requests"
        ) { figures, samples in
            figures.forEachClass { samples.add([$0], histogram: $1.queue) }
        },
        ModelFamily("headway_batch_rows", .histogram, "Rows of each batch that ran") {
            figures, samples in
            let batches = figures.statistics.batches.sorted { $0.key < $1.key }
            samples.add(rows: batches.map { ($0.key, $0.value.infer.count) })
        },
    ]
}
