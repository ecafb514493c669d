package import ControlCore

/// What the health rules of a model have set.
package struct HealthReading: Sendable, Equatable {
    /// Whether they only tell what they would change.
    package var isDryRun: Bool
    /// Most requests that may wait now.
    package var mostRequests: Int
    /// Where batches begin the ladder of variants; 0 is the full model.
    package var preferredVariant: Int
    /// How often each rule has changed something, or would have.
    package var changes: [HealthRule: UInt64]

    /// Makes a reading; see the properties.
    package init(
        isDryRun: Bool = false, mostRequests: Int = 0, preferredVariant: Int = 0,
        changes: [HealthRule: UInt64] = [:]
    ) {
        self.isDryRun = isDryRun
        self.mostRequests = mostRequests
        self.preferredVariant = preferredVariant
        self.changes = changes
    }
}
