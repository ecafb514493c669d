internal import ServingModel
internal import ServingRuntime

extension ProcessFamily {
    /// Figures about the process and its machine; those that the system does not tell are left out.
    static let all = process + connections + gpus

    private static let process: [ProcessFamily] = [
        ProcessFamily(
            "headway_build_info", .gauge, labels: ["version"],
            "Always 1; the label names the version"
        ) { $1.add([$0.version], int: 1) },
        ProcessFamily(
            "headway_process_resident_bytes", .gauge, "Resident bytes of the server's process"
        ) { figures, samples in
            if figures.residentBytes > 0 { samples.add(int: figures.residentBytes) }
        },
        ProcessFamily(
            "headway_process_proportional_bytes", .gauge,
            "Bytes of the server's process, those that it shares with others counted in part"
        ) { figures, samples in
            if let bytes = figures.proportionalBytes { samples.add(int: bytes) }
        },
        ProcessFamily(
            "headway_memory_limit_bytes", .gauge,
            "Bytes that all models may hold together, where that has a limit"
        ) { figures, samples in
            if let memory = figures.memory { samples.add(int: memory.limitBytes) }
        },
        ProcessFamily(
            "headway_memory_used_bytes", .gauge,
            "Bytes of that limit which models in memory hold, or which are kept for one that comes in"
        ) { figures, samples in
            if let memory = figures.memory { samples.add(int: memory.usedBytes) }
        },
        ProcessFamily(
            "headway_process_memory_growth_bytes_per_second", .gauge,
            "How fast the memory of the server's process grows, where it only grows; else 0"
        ) { figures, samples in
            if let growth = figures.memoryGrowth { samples.add(real: growth) }
        },
        ProcessFamily(
            "headway_process_cpu_seconds_total", .counter,
            "CPU time that the server's process has used, user and system"
        ) { $1.add(real: $0.cpuTime.seconds) },
        ProcessFamily(
            "headway_process_uptime_seconds", .gauge, "Time since the server's process began"
        ) { $1.add(real: $0.uptime.seconds) },
        ProcessFamily(
            "headway_traces_exported_total", .counter, "Traced requests sent to the collector"
        ) { figures, samples in
            if let traces = figures.traces { samples.add(int: traces.exported) }
        },
        ProcessFamily(
            "headway_traces_dropped_total", .counter, labels: ["reason"],
            "Traced requests that were dropped: too many waited (queue), or the collector did not "
                + "take them (collector)"
        ) { figures, samples in
            guard let traces = figures.traces else { return }
            samples.add(["queue"], int: traces.droppedByQueue)
            samples.add(["collector"], int: traces.droppedByCollector)
        },
        ProcessFamily(
            "nv_cpu_utilization", .gauge,
            "Share of the machine's CPU time in use since the last reading [0.0 - 1.0]"
        ) { figures, samples in
            if let utilization = figures.machine?.utilization { samples.add(real: utilization) }
        },
        ProcessFamily(
            "nv_cpu_memory_total_bytes", .gauge, "Memory of the machine, bytes"
        ) { figures, samples in
            if let machine = figures.machine { samples.add(int: machine.memoryTotalBytes) }
        },
        ProcessFamily(
            "nv_cpu_memory_used_bytes", .gauge,
            "Memory of the machine that is not available, bytes"
        ) { figures, samples in
            if let machine = figures.machine { samples.add(int: machine.memoryUsedBytes) }
        },
    ]

    /// Triton's names; without a GPU there are no samples.
    private static let gpus: [ProcessFamily] = [
        gpu("nv_gpu_utilization", "GPU utilization rate [0.0 - 1.0]") { $0.utilization },
        gpu("nv_gpu_memory_total_bytes", "GPU total memory, in bytes") {
            Double($0.memoryTotalBytes)
        },
        gpu("nv_gpu_memory_used_bytes", "GPU used memory, in bytes") {
            Double($0.memoryUsedBytes)
        },
        gpu("nv_gpu_power_usage", "GPU power usage in watts") { $0.power },
    ]

    private static func gpu(
        _ name: String, _ help: String, _ value: @escaping @Sendable (GPUFigures) -> Double?
    ) -> ProcessFamily {
        ProcessFamily(name, .gauge, labels: ["gpu_uuid"], help) { figures, samples in
            for gpu in figures.gpus {
                if let value = value(gpu) { samples.add([gpu.uuid], real: value) }
            }
        }
    }
}
