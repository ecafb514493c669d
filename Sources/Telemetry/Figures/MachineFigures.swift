internal import Synchronization

#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#endif

/// Processor and memory of the whole machine. In a container these are the host's, as with Triton.
package struct MachineFigures: Sendable, Equatable {
    /// Share of CPU time in use since the reading before; `nil` at the first reading.
    package var utilization: Double?
    /// Memory in bytes.
    package var memoryTotalBytes: UInt64
    /// Memory that is not available to new work.
    package var memoryUsedBytes: UInt64

    /// Gathers figures; see the properties.
    package init(utilization: Double?, memoryTotalBytes: UInt64, memoryUsedBytes: UInt64) {
        self.utilization = utilization
        self.memoryTotalBytes = memoryTotalBytes
        self.memoryUsedBytes = memoryUsedBytes
    }
}

/// Reads the machine's figures from the proc file system; finds nothing where there is none.
final class MachineObserver: Sendable {
    private struct State {
        var ticks: CPUTicks?
        var utilization: Double?
    }

    private let state = Mutex(State())

    func read() -> MachineFigures? {
        guard let memory = ProcFile.memory(in: ProcFile.text("/proc/meminfo")) else { return nil }
        let ticks = ProcFile.ticks(in: ProcFile.text("/proc/stat"))
        let utilization = state.withLock { state in
            if let before = state.ticks, let ticks, ticks.total > before.total {
                let idle = ticks.idle > before.idle ? ticks.idle - before.idle : 0
                let share = 1 - Double(idle) / Double(ticks.total - before.total)
                state.utilization = min(max(share, 0), 1)
            }
            state.ticks = ticks ?? state.ticks
            return state.utilization
        }
        return MachineFigures(
            utilization: utilization, memoryTotalBytes: memory.total, memoryUsedBytes: memory.used)
    }
}

/// CPU time of all cores since the machine started, in ticks.
struct CPUTicks: Equatable {
    var idle: UInt64
    var total: UInt64
}

/// What the files of `/proc` say.
enum ProcFile {
    /// The beginning of a file; empty where it cannot be read.
    static func text(_ path: String) -> String {
        #if canImport(Glibc) || canImport(Musl)
        let file = open(path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { return "" }
        defer { close(file) }
        return withUnsafeTemporaryAllocation(byteCount: 4_096, alignment: 1) { buffer in
            let count = read(file, buffer.baseAddress, buffer.count)
            return String(decoding: buffer.prefix(max(count, 0)), as: UTF8.self)
        }
        #else
        return ""
        #endif
    }

    /// Total and not available bytes of `/proc/meminfo`.
    static func memory(in text: String) -> (total: UInt64, used: UInt64)? {
        var total: UInt64?
        var available: UInt64?
        for line in text.split(separator: "\n") {
            let fields = line.split(separator: " ")
            guard fields.count >= 2, let kibibytes = UInt64(fields[1]) else { continue }
            if fields[0] == "MemTotal:" { total = kibibytes << 10 }
            if fields[0] == "MemAvailable:" { available = kibibytes << 10 }
        }
        guard let total, let available, available <= total else { return nil }
        return (total, total - available)
    }

    /// The proportional set size of `/proc/self/smaps_rollup`, in bytes.
    static func proportionalBytes(in text: String) -> UInt64? {
        for line in text.split(separator: "\n") where line.hasPrefix("Pss:") {
            let fields = line.split(separator: " ")
            if fields.count >= 2, let kibibytes = UInt64(fields[1]) { return kibibytes << 10 }
        }
        return nil
    }

    /// The first line of `/proc/stat`: user nice system idle iowait irq softirq steal.
    static func ticks(in text: String) -> CPUTicks? {
        let fields = text.prefix { $0 != "\n" }.split(separator: " ")
        guard fields.first == "cpu" else { return nil }
        let counts = fields.dropFirst().prefix(8).compactMap { UInt64($0) }
        guard counts.count >= 5 else { return nil }
        return CPUTicks(idle: counts[3] + counts[4], total: counts.reduce(0, +))
    }
}
