internal import ServingModel

/// What goes wrong in a scenario, besides the stalls and failures of its devices.
package struct FaultPlan: Sendable, Equatable {
    /// Part of the requests whose client gives up (`cancel_share`).
    package var cancelShare = 0.0
    /// Mean time after which such a client gives up, in milliseconds, exponentially distributed
    /// (`cancel_after_ms`).
    package var cancelAfterMilliseconds = 20.0
    /// Instances that go and come back (`outages`).
    package var outages: [Outage] = []
    /// Instances that hang, fail or are slow for a while, without anybody being told (`defects`). Only
    /// in scenarios with one model.
    package var defects: [Defect] = []

    /// Times in which large batches do not fit the devices' memory (`squeezes`). Only in scenarios with
    /// one model.
    package var squeezes: [Squeeze] = []

    /// No faults.
    package init() {}

    /// An instance that does not work as it should for a while.
    package struct Defect: Sendable, Equatable {
        /// The instance (`instance`).
        package var instance: Int
        /// What is wrong with it (`kind: hang | fail | slow`).
        package var kind: DeviceFault.Kind
        /// When it begins, in seconds (`at_s`).
        package var atSecond: Double
        /// How long it lasts, in seconds; `nil` for the whole run (`for_s`).
        package var forSeconds: Double?
        /// How much longer batches of a slow instance take (`factor`).
        package var factor = 10.0

        /// Makes a defect that begins at `atSecond`.
        package init(instance: Int, kind: DeviceFault.Kind, atSecond: Double) {
            self.instance = instance
            self.kind = kind
            self.atSecond = atSecond
        }

        /// The defect as a device has it, in a run of `seconds`.
        func fault(until seconds: Double) -> DeviceFault {
            func instant(_ second: Double) -> Instant {
                .origin + Interval(milliseconds: second * 1_000)
            }
            return DeviceFault(
                kind, device: instance, from: instant(atSecond),
                until: instant(forSeconds.map { atSecond + $0 } ?? seconds), factor: factor)
        }
    }

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
