/// The devices of a scenario: `count` alike ones, on which a batch of `n` takes
/// `base_ms + per_item_ms * ceil(n / tile) * tile` milliseconds, with noise, stalls and failures.
package struct ScenarioDevices: Sendable, Equatable {
    /// How many (`count`).
    package var count = 1
    /// Milliseconds of a batch without items (`base_ms`).
    package var baseMilliseconds = 1.39
    /// Milliseconds that each item adds (`per_item_ms`).
    package var perItemMilliseconds = 0.0793
    /// Deviation of the logarithm of a batch's duration (`noise`).
    package var noise = 0.0
    /// Probability that a batch stalls (`stall_probability`).
    package var stallProbability = 0.0
    /// Shortest and longest stall in milliseconds (`stall_ms: [20, 60]`).
    package var stallMilliseconds = 20.0...60.0
    /// Probability that a batch fails after running (`failure_probability`).
    package var failureProbability = 0.0
    /// Rows that the device rounds a batch up to (`tile`).
    package var tile = 1
    /// Memory of each device in MB of 2^20 bytes (`memory_mb`).
    package var memoryMB = 16_384.0
    /// Cheaper models that may compute a batch instead, cheapest last (`variants`).
    package var variants: [VariantPlan] = []
    /// Padded units that ``perItemMilliseconds`` is measured at; 0 when length does not matter
    /// (`reference_length`). An item of twice the length costs twice as much.
    package var referenceLength = 0

    /// One device M of the scheduling notes, without noise.
    package init() {}

    /// The device that generates text of the scheduling notes, without noise; its items are tokens.
    package static var ofGeneratedText: ScenarioDevices {
        var devices = ScenarioDevices()
        devices.baseMilliseconds = 6
        devices.perItemMilliseconds = 0.02
        return devices
    }
}

/// A cheaper model beside the full one, such as a quantised copy.
package struct VariantPlan: Sendable, Equatable {
    /// Its name (`name`).
    package var name: String
    /// Its duration as a part of the full model's (`time_factor`).
    package var timeFactor: Double
    /// Milliseconds to load it, where it is not resident from the start.
    package var loadMilliseconds = 1_000.0

    /// Makes a variant.
    package init(name: String, timeFactor: Double) {
        self.name = name
        self.timeFactor = timeFactor
    }
}

/// One of several models that share the devices.
package struct ScenarioModel: Sendable, Equatable {
    /// Its name (`name`).
    package var name: String
    /// What a batch costs; `count` is how many instances the model has, one on each of as many devices,
    /// and `memory_mb` is not used (`devices`).
    package var devices = ScenarioDevices()
    /// Its classes, most important first (`classes`).
    package var classes = [ScenarioClass(name: "default", deadlineMilliseconds: 80)]
    /// Its traffic (`arrivals`).
    package var arrivals = ArrivalPlan(.poisson(ratePerSecond: 100))
    /// Memory in MB that its weights need while it is loaded (`resident_mb`).
    package var residentMB = 0.0
    /// Memory in MB that each item of a batch needs while it runs (`per_item_mb`).
    package var perItemMB = 0.0
    /// Milliseconds to load it after it was paged out (`reload_ms`).
    package var reloadMilliseconds = 0.0
    /// Arithmetic per byte moved, for the order among admissible work (`flops_per_byte`).
    package var flopsPerByte = 1.0
    /// Devices that one batch occupies at the same time (`gang`).
    package var gang = 1
    /// Milliseconds of communication that each batch of a gang adds (`communication_ms`).
    package var communicationMilliseconds = 0.0

    /// A model with the defaults of every key.
    package init(name: String) {
        self.name = name
    }
}
