package import ServingModel
internal import ServingRuntime

/// What the process has to tell at one moment.
package struct ProcessFigures: Sendable {
    /// Version of the server.
    package var version: String
    /// Resident bytes; 0 where the system does not tell.
    package var residentBytes: UInt64
    /// CPU time used so far.
    package var cpuTime: Interval
    /// Time since the process began to serve.
    package var uptime: Interval
    /// The machine, where the system tells.
    package var machine: MachineFigures?

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
}

/// Reads the process and the machine. One for each process, because CPU utilisation is what happened
/// between two readings.
package final class ProcessObserver: Sendable {
    private let version: String
    private let started: Instant
    private let machine = MachineObserver()

    /// An observer of this process from now on.
    package init(version: String) {
        self.version = version
        started = MonotonicClock().now()
        // The first reading of the CPU is the beginning of the first interval.
        _ = machine.read()
    }

    /// The present figures.
    package func read() -> ProcessFigures {
        ProcessFigures(
            version: version, residentBytes: ProcessUsage.residentBytes,
            cpuTime: ProcessUsage.cpuTime, uptime: started.interval(to: MonotonicClock().now()),
            machine: machine.read())
    }
}
