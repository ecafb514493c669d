/// A non-negative span of time in whole nanoseconds.
///
/// Arithmetic saturates instead of trapping: a deadline "in a thousand years" is a legal request.
@frozen
public struct Interval: Hashable, Comparable, Sendable {
    /// The span in nanoseconds.
    public var nanoseconds: UInt64

    /// A span of `nanoseconds`.
    @inlinable
    public init(nanoseconds: UInt64) {
        self.nanoseconds = nanoseconds
    }

    /// No time at all.
    public static let zero = Interval(nanoseconds: 0)

    /// Longer than any span that occurs: the neutral element of a minimum.
    public static let never = Interval(nanoseconds: .max)

    /// A span of whole microseconds.
    @inlinable
    public static func microseconds(_ count: UInt64) -> Interval {
        Interval(nanoseconds: count.saturatingProduct(1_000))
    }

    /// A span of whole milliseconds.
    @inlinable
    public static func milliseconds(_ count: UInt64) -> Interval {
        Interval(nanoseconds: count.saturatingProduct(1_000_000))
    }

    /// A span of whole seconds.
    @inlinable
    public static func seconds(_ count: UInt64) -> Interval {
        Interval(nanoseconds: count.saturatingProduct(1_000_000_000))
    }

    /// A span of fractional milliseconds, rounded up; negative and not-a-number become zero.
    @inlinable
    public init(milliseconds: Double) {
        let value = (milliseconds * 1_000_000).rounded(.up)
        if !(value > 0) {
            self.init(nanoseconds: 0)
        } else if value >= 18_446_744_073_709_549_568 {
            self = .never
        } else {
            self.init(nanoseconds: UInt64(value))
        }
    }

    /// The span in milliseconds.
    @inlinable
    public var milliseconds: Double { Double(nanoseconds) / 1_000_000 }

    /// The span in seconds.
    @inlinable
    public var seconds: Double { Double(nanoseconds) / 1_000_000_000 }

    /// Shorter first.
    @inlinable
    public static func < (left: Interval, right: Interval) -> Bool {
        left.nanoseconds < right.nanoseconds
    }

    /// The sum, at most ``never``.
    @inlinable
    public static func + (left: Interval, right: Interval) -> Interval {
        Interval(nanoseconds: left.nanoseconds.saturatingSum(right.nanoseconds))
    }

    /// The difference, at least ``zero``.
    @inlinable
    public static func - (left: Interval, right: Interval) -> Interval {
        Interval(
            nanoseconds: left.nanoseconds > right.nanoseconds
                ? left.nanoseconds - right.nanoseconds : 0)
    }

    /// The span divided by a positive whole number, rounded down.
    @inlinable
    public static func / (left: Interval, right: UInt64) -> Interval {
        Interval(nanoseconds: left.nanoseconds / right)
    }

    /// The span repeated, at most ``never``.
    @inlinable
    public static func * (left: Interval, right: UInt64) -> Interval {
        Interval(nanoseconds: left.nanoseconds.saturatingProduct(right))
    }
}

extension UInt64 {
    @inlinable
    func saturatingSum(_ other: UInt64) -> UInt64 {
        let (sum, overflow) = addingReportingOverflow(other)
        return overflow ? .max : sum
    }

    @inlinable
    func saturatingProduct(_ other: UInt64) -> UInt64 {
        let (product, overflow) = multipliedReportingOverflow(by: other)
        return overflow ? .max : product
    }
}

extension Interval: CustomStringConvertible {
    /// The span in milliseconds, as in `12.5 ms`.
    public var description: String {
        self == .never ? "never" : "\(milliseconds) ms"
    }
}
