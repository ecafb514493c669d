internal import CNVML

/// One of the machine's GPUs at one moment.
package struct GPUFigures: Sendable, Equatable {
    /// Its name for machines.
    package var uuid: String
    /// Its name for people.
    package var name: String
    /// Share of the last second or so in which it computed; `nil` where it is not told.
    package var utilization: Double?
    /// Memory in bytes.
    package var memoryTotalBytes: UInt64
    /// Memory in use, by whatever process.
    package var memoryUsedBytes: UInt64
    /// Power in watts; `nil` where it is not told.
    package var power: Double?

    /// Gathers figures; see the properties.
    package init(
        uuid: String, name: String, utilization: Double?, memoryTotalBytes: UInt64,
        memoryUsedBytes: UInt64, power: Double?
    ) {
        self.uuid = uuid
        self.name = name
        self.utilization = utilization
        self.memoryTotalBytes = memoryTotalBytes
        self.memoryUsedBytes = memoryUsedBytes
        self.power = power
    }

    /// All GPUs that NVIDIA's driver knows; none where there is no such driver.
    static func all() -> [GPUFigures] {
        withUnsafeTemporaryAllocation(of: headway_gpu.self, capacity: Int(HEADWAY_GPU_LIMIT)) {
            buffer in
            guard let base = buffer.baseAddress else { return [] }
            return buffer.prefix(Int(headway_gpus(base))).map { GPUFigures($0) }
        }
    }

    private init(_ gpu: headway_gpu) {
        self.init(
            uuid: Self.text(gpu.uuid), name: Self.text(gpu.name),
            utilization: gpu.utilization < 0 ? nil : gpu.utilization,
            memoryTotalBytes: gpu.memory_total_bytes, memoryUsedBytes: gpu.memory_used_bytes,
            power: gpu.power < 0 ? nil : gpu.power)
    }

    /// A C array of characters, up to its zero.
    private static func text<Characters>(_ characters: Characters) -> String {
        withUnsafeBytes(of: characters) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
    }
}
