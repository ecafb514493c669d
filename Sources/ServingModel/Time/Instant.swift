/// A point on a monotonic clock, in nanoseconds since the clock's own origin.
///
/// Nothing below ring 1 reads a clock: an instant is always handed in by a shell, live or simulated.
@frozen
public struct Instant: Hashable, Comparable, Sendable {
    /// Nanoseconds since the clock's origin.
    public var nanoseconds: UInt64

    /// The point `nanoseconds` after the clock's origin.
    @inlinable
    public init(nanoseconds: UInt64) {
        self.nanoseconds = nanoseconds
    }

    /// The clock's origin.
    public static let origin = Instant(nanoseconds: 0)

    /// Later than any point that occurs: the deadline of a request that has none.
    public static let distantFuture = Instant(nanoseconds: .max)

    /// Earlier first.
    @inlinable
    public static func < (left: Instant, right: Instant) -> Bool {
        left.nanoseconds < right.nanoseconds
    }

    /// The point `interval` later, at most ``distantFuture``.
    @inlinable
    public static func + (left: Instant, interval: Interval) -> Instant {
        Instant(nanoseconds: left.nanoseconds.saturatingSum(interval.nanoseconds))
    }

    /// The point `interval` earlier, at least ``origin``.
    @inlinable
    public static func - (left: Instant, interval: Interval) -> Instant {
        Instant(
            nanoseconds: left.nanoseconds > interval.nanoseconds
                ? left.nanoseconds - interval.nanoseconds : 0)
    }

    /// The time from here to `other`, zero when `other` is not later.
    @inlinable
    public func interval(to other: Instant) -> Interval {
        Interval(
            nanoseconds: other.nanoseconds > nanoseconds ? other.nanoseconds - nanoseconds : 0)
    }
}

extension Instant: CustomStringConvertible {
    /// The point in milliseconds since the origin.
    public var description: String {
        self == .distantFuture ? "distant future" : "@\(Double(nanoseconds) / 1_000_000) ms"
    }
}
