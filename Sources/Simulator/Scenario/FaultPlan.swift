/// What goes wrong in a scenario, besides the stalls and failures of its devices.
package struct FaultPlan: Sendable, Equatable {
    /// Part of the requests whose client gives up (`cancel_share`).
    package var cancelShare = 0.0
    /// Mean time after which such a client gives up, in milliseconds, exponentially distributed
    /// (`cancel_after_ms`).
    package var cancelAfterMilliseconds = 20.0
    /// Instances that go and come back (`outages`).
    package var outages: [Outage] = []

    /// No faults.
    package init() {}

    /// An instance that is away for a while.
    package struct Outage: Sendable, Equatable {
        /// The model that has the instance, by position (`model`).
        package var model = 0
        /// The instance (`instance`).
        package var instance: Int
        /// When it goes, in seconds (`at_s`).
        package var atSecond: Double
        /// How long it is away, in seconds; `nil` for ever (`for_s`).
        package var forSeconds: Double?

        /// Makes an outage.
        package init(instance: Int, atSecond: Double, forSeconds: Double?) {
            self.instance = instance
            self.atSecond = atSecond
            self.forSeconds = forSeconds
        }
    }
}
