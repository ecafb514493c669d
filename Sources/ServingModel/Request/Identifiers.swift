/// Names one request inside one scheduler, from its arrival to its end.
///
/// The shell that submits a request chooses the number; it may be reused only after the request's
/// terminal action. Order of arrival is kept by the scheduler itself, never read from this number.
@frozen
public struct RequestID: Hashable, Comparable, Sendable {
    /// The number.
    public var rawValue: UInt64

    /// Wraps a number.
    @inlinable
    public init(_ rawValue: UInt64) {
        self.rawValue = rawValue
    }

    /// By number.
    @inlinable
    public static func < (left: RequestID, right: RequestID) -> Bool {
        left.rawValue < right.rawValue
    }
}

/// Names one instance of a model: one loaded copy that runs one batch at a time.
@frozen
public struct InstanceID: Hashable, Comparable, Sendable {
    /// Position in the scheduler's table of instances.
    public var rawValue: Int

    /// Wraps a position.
    @inlinable
    public init(_ rawValue: Int) {
        self.rawValue = rawValue
    }

    /// By number.
    @inlinable
    public static func < (left: InstanceID, right: InstanceID) -> Bool {
        left.rawValue < right.rawValue
    }
}

/// Numbers the batches of one scheduler in the order of their launch.
@frozen
public struct BatchID: Hashable, Comparable, Sendable {
    /// The number, starting at 1.
    public var rawValue: UInt64

    /// Wraps a number.
    @inlinable
    public init(_ rawValue: UInt64) {
        self.rawValue = rawValue
    }

    /// By number.
    @inlinable
    public static func < (left: BatchID, right: BatchID) -> Bool {
        left.rawValue < right.rawValue
    }
}

extension RequestID: CustomStringConvertible {
    /// The bare number.
    public var description: String { "\(rawValue)" }
}

extension InstanceID: CustomStringConvertible {
    /// The bare position.
    public var description: String { "\(rawValue)" }
}

extension BatchID: CustomStringConvertible {
    /// The bare number.
    public var description: String { "\(rawValue)" }
}
