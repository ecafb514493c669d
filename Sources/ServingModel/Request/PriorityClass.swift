/// Position of a priority class in the configured table; 0 is the most important.
@frozen
public struct ClassIndex: Hashable, Comparable, Sendable {
    /// Position in the table of classes.
    public var rawValue: Int

    /// Wraps a position.
    @inlinable
    public init(_ rawValue: Int) {
        self.rawValue = rawValue
    }

    /// More important first.
    @inlinable
    public static func < (left: ClassIndex, right: ClassIndex) -> Bool {
        left.rawValue < right.rawValue
    }
}

/// What the operator promises and grants to one class of requests.
public struct PriorityClass: Hashable, Sendable {
    /// The name that requests use, such as `high`.
    public var name: String

    /// Relative value of one request of this class, at least 1. The lightest work is given up first.
    public var weight: Int

    /// Share of the largest useful batch that waiting work of this class keeps even when more
    /// important work could fill the batch; 0 for none, at most 0.5.
    public var floorShare: Double

    /// Deadline, counted from arrival, of a request that names none.
    public var defaultDeadline: Interval

    /// Makes a class; see the properties for units and bounds.
    public init(name: String, weight: Int, floorShare: Double, defaultDeadline: Interval) {
        self.name = name
        self.weight = weight
        self.floorShare = floorShare
        self.defaultDeadline = defaultDeadline
    }

    /// The table used when the operator configures none: `high`, `medium`, `low`.
    public static let defaultTable: [PriorityClass] = [
        PriorityClass(
            name: "high", weight: 8, floorShare: 0, defaultDeadline: .milliseconds(200)),
        PriorityClass(
            name: "medium", weight: 3, floorShare: 0.10, defaultDeadline: .milliseconds(500)),
        PriorityClass(
            name: "low", weight: 1, floorShare: 0.05, defaultDeadline: .milliseconds(2_000)),
    ]
}
