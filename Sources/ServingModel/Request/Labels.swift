/// Names the party on whose behalf a request is made; 0 for nobody in particular.
@frozen
public struct TenantID: Hashable, Comparable, Sendable {
    /// The number that the shell gave to the party.
    public var rawValue: UInt32

    /// Wraps a number.
    @inlinable
    public init(_ rawValue: UInt32) {
        self.rawValue = rawValue
    }

    /// Nobody in particular: all such requests share one account.
    public static let none = TenantID(0)

    /// By number.
    @inlinable
    public static func < (left: TenantID, right: TenantID) -> Bool {
        left.rawValue < right.rawValue
    }
}

/// Names what a request is about, when only the latest request about it is worth an answer, such as one
/// camera's picture or the text that a user is typing.
@frozen
public struct SupersedeKey: Hashable, Sendable {
    /// The number.
    public var rawValue: UInt64

    /// Wraps a number.
    @inlinable
    public init(_ rawValue: UInt64) {
        self.rawValue = rawValue
    }
}

/// Position of a modality, such as text or image, in the scheduler's table of modalities.
@frozen
public struct ModalityIndex: Hashable, Comparable, Sendable {
    /// Position in the table.
    public var rawValue: Int

    /// Wraps a position.
    @inlinable
    public init(_ rawValue: Int) {
        self.rawValue = rawValue
    }

    /// By position.
    @inlinable
    public static func < (left: ModalityIndex, right: ModalityIndex) -> Bool {
        left.rawValue < right.rawValue
    }
}

/// Position of a variant of a model in order of cost: 0 is the full model, those that follow are cheaper
/// and less exact, such as quantised ones.
@frozen
public struct VariantIndex: Hashable, Comparable, Sendable {
    /// Position in the order of cost.
    public var rawValue: Int

    /// Wraps a position.
    @inlinable
    public init(_ rawValue: Int) {
        self.rawValue = rawValue
    }

    /// The full model.
    public static let full = VariantIndex(0)

    /// The dearer first.
    @inlinable
    public static func < (left: VariantIndex, right: VariantIndex) -> Bool {
        left.rawValue < right.rawValue
    }
}

extension TenantID: CustomStringConvertible {
    /// The bare number.
    public var description: String { "\(rawValue)" }
}

extension VariantIndex: CustomStringConvertible {
    /// The bare position.
    public var description: String { "\(rawValue)" }
}
