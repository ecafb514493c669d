/// Why the scheduler ended a request without running it.
@frozen
public enum RejectReason: String, Hashable, Sendable, CaseIterable {
    /// At arrival: even an immediate start could not meet the deadline.
    case deadlineUnreachable = "deadline_unreachable"
    /// While waiting: the deadline can no longer be met.
    case deadlineMissed = "deadline_missed"
    /// The queue is full and nothing lighter could be given up.
    case queueFull = "queue_full"
    /// Given up in favour of more important work while the queue was full.
    case displaced
    /// The model or the server no longer takes new work.
    case draining
    /// No instance of the model can run it.
    case noInstance = "no_instance"
    /// A newer request about the same thing replaced it while it waited.
    case superseded
    /// The tenant's quota of device time is used up for the moment.
    case quotaExceeded = "quota_exceeded"
    /// Its rows do not fit the memory of the model's devices, not even alone.
    case memoryExceeded = "memory_exceeded"
}
