/// Position of a model in the table of a ``DeviceGroup``.
package struct ModelIndex: Hashable, Comparable, Sendable, CustomStringConvertible {
    /// Position in ``GroupConfiguration/models``.
    package var rawValue: Int

    /// Wraps a position.
    package init(_ rawValue: Int) {
        self.rawValue = rawValue
    }

    /// By position.
    package static func < (left: ModelIndex, right: ModelIndex) -> Bool {
        left.rawValue < right.rawValue
    }

    /// The bare position.
    package var description: String { "\(rawValue)" }
}

/// Position of a device in the table of a ``DeviceGroup``.
package struct DeviceIndex: Hashable, Comparable, Sendable, CustomStringConvertible {
    /// Position in ``GroupConfiguration/devices``.
    package var rawValue: Int

    /// Wraps a position.
    package init(_ rawValue: Int) {
        self.rawValue = rawValue
    }

    /// By position.
    package static func < (left: DeviceIndex, right: DeviceIndex) -> Bool {
        left.rawValue < right.rawValue
    }

    /// The bare position.
    package var description: String { "\(rawValue)" }
}
