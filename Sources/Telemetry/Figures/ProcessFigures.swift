package import ServingModel
package import ServingRuntime
internal import Synchronization

/// What the process has to tell at one moment.
package struct ProcessFigures: Sendable {
    /// Version of the server.
    package var version: String
    /// Resident bytes; 0 where the system does not tell.
    package var residentBytes: UInt64
    /// Bytes with shared pages counted in proportion; `nil` where the system does not tell.
    package var proportionalBytes: UInt64?
    /// How fast memory grows that only grows, in bytes for each second; `nil` where nobody watches.
    package var memoryGrowth: Double?
    /// CPU time used so far.
    package var cpuTime: Interval
    /// Time since the process began to serve.
    package var uptime: Interval
    /// The machine, where the system tells.
    package var machine: MachineFigures?
    /// The machine's GPUs.
    package var gpus: [GPUFigures] = []
    /// What became of traces, if there are any.
    package var traces: TraceFigures?
    /// What models hold of the memory that they share; `nil` where that has no limit.
    package var memory: MemoryFigures?
    /// What connections hold, and what they were denied.
    package var connections: ConnectionFigures?

    /// Gathers figures; see the properties.
    package init(
        version: String, residentBytes: UInt64, cpuTime: Interval, uptime: Interval,
        machine: MachineFigures?
    ) {
        self.version = version
        self.residentBytes = residentBytes
        self.cpuTime = cpuTime
        self.uptime = uptime
        self.machine = machine
    }

    /// Part of its memory that the process takes: of `limit` bytes, or else of what it is allowed; `nil`
    /// where neither is known.
    package func memoryShare(of limit: UInt64?) -> Double? {
        guard residentBytes > 0, let limit = limit ?? MemoryAllowance.bytes, limit > 0
        else { return nil }
        return Double(residentBytes) / Double(limit)
    }
}

/// Reads the process and the machine. One for each process, because CPU utilisation is what happened
/// between two readings.
package final class ProcessObserver: Sendable {
    private let version: String
    private let started: Instant
    private let machine = MachineObserver()
    private let proportional = Mutex<(at: Interval, bytes: UInt64?)>((.zero, nil))
    private let traces: @Sendable () -> TraceFigures?
    private let connections: @Sendable () -> ConnectionFigures?
    private let memoryGrowth: @Sendable () -> Double?

    /// An observer of this process from now on, who asks others about what they know.
    package init(
        version: String, traces: @escaping @Sendable () -> TraceFigures? = { nil },
        connections: @escaping @Sendable () -> ConnectionFigures? = { nil },
        memoryGrowth: @escaping @Sendable () -> Double? = { nil }
    ) {
        self.version = version
        self.traces = traces
        self.connections = connections
        self.memoryGrowth = memoryGrowth
        started = MonotonicClock().now()
        // The first reading of the CPU is the beginning of the first interval.
        _ = machine.read()
    }

    /// The present figures.
    package func read() -> ProcessFigures {
        var figures = ProcessFigures(
            version: version, residentBytes: ProcessUsage.residentBytes,
            cpuTime: ProcessUsage.cpuTime, uptime: started.interval(to: MonotonicClock().now()),
            machine: machine.read())
        figures.proportionalBytes = readProportional(at: figures.uptime)
        figures.gpus = GPUFigures.all()
        figures.traces = traces()
        figures.connections = connections()
        figures.memoryGrowth = memoryGrowth()
        return figures
    }

    /// The system counts every page for it, so it is asked once in ten seconds at most.
    private func readProportional(at uptime: Interval) -> UInt64? {
        proportional.withLock { last in
            if last.bytes == nil || uptime >= last.at + .seconds(10) {
                last = (
                    uptime,
                    ProcFile.proportionalBytes(in: ProcFile.text("/proc/self/smaps_rollup"))
                )
            }
            return last.bytes
        }
    }
}
