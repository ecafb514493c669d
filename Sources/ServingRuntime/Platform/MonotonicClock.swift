internal import CPlatform
package import ServingModel

/// Where the runtime reads the time: the machine's monotonic clock, or a test's own.
package protocol RuntimeClock: Sendable {
    /// The present, never earlier than an earlier answer.
    func now() -> Instant
}

/// The machine's monotonic clock.
package struct MonotonicClock: RuntimeClock {
    /// The clock has no state of its own.
    package init() {}

    package func now() -> Instant {
        Instant(nanoseconds: headway_monotonic_ns())
    }
}

/// Figures about this process, and what it uses.
package enum ProcessUsage {
    /// Resident bytes; 0 where the system does not tell.
    package static var residentBytes: UInt64 { headway_resident_bytes() }

    /// Moves what lies in large blocks of memory, such as a model's weights, to large pages, where the
    /// system can. Takes about as long as copying it.
    package static func settleMemory() { headway_collapse_pages() }

    /// Gives memory that was freed, such as an unloaded model's weights, back to the system.
    package static func returnMemory() { headway_return_memory() }

    /// CPU time used so far, user and system.
    package static var cpuTime: Interval { Interval(nanoseconds: headway_cpu_ns()) }
}
