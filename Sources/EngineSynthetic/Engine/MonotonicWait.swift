#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#elseif canImport(Darwin)
internal import Darwin
#endif

/// The two real ways of spending time on a thread.
enum MonotonicWait {
    /// Sleeps for `nanoseconds`. The kernel adds its timer slack, commonly 50 µs.
    @Sendable static func sleep(_ nanoseconds: UInt64) {
        let deadline = now() + nanoseconds
        #if os(Linux)
        var point = timespec(
            tv_sec: Int(deadline / 1_000_000_000), tv_nsec: Int(deadline % 1_000_000_000))
        // An absolute deadline, so that signals do not prolong the sleep.
        while clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &point, nil) == EINTR {}
        #else
        while true {
            let left = deadline - min(now(), deadline)
            if left == 0 { return }
            var span = timespec(
                tv_sec: Int(left / 1_000_000_000), tv_nsec: Int(left % 1_000_000_000))
            nanosleep(&span, nil)
        }
        #endif
    }

    /// Keeps the processor busy for `nanoseconds`.
    @Sendable static func spin(_ nanoseconds: UInt64) {
        let deadline = now() + nanoseconds
        while now() < deadline {}
    }

    /// The monotonic clock in nanoseconds.
    private static func now() -> UInt64 {
        var point = timespec()
        clock_gettime(CLOCK_MONOTONIC, &point)
        return UInt64(point.tv_sec) * 1_000_000_000 + UInt64(point.tv_nsec)
    }
}
