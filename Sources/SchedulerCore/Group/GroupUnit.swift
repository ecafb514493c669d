internal import ControlCore
internal import ServingModel

/// One instance of one model on its devices.
struct GroupUnit {
    /// Where the weights are.
    enum Residency: Equatable {
        case absent
        case loading(until: Instant)
        case resident(since: Instant)
    }

    let model: Int
    let instance: InstanceID
    let devices: [Int]
    /// Bytes that the weights take on each device.
    let bytes: Int

    var residency = Residency.absent
    /// Whether all devices are there.
    var isInService = false
    /// Has never been in service.
    var isNew = true
    /// Bytes of the batch that runs, on each device; `nil` while none does.
    var batchBytes: Int?
    /// A device went while a batch ran; the books are closed when it ends.
    var isLeaving = false
    /// Batches since the weights were loaded.
    var batches = 0
    var lastUsed = Instant.origin
    /// Not loaded before, because loading failed.
    var notBefore = Instant.origin
    var failures: UInt64 = 0
    /// What the scheduler was last told about when a batch may start.
    var heldUntil = Instant.origin
    /// Chosen to make room, while room is being looked for.
    var isVictim = false

    var isGang: Bool { devices.count > 1 }
    var isRunning: Bool { batchBytes != nil }

    var isResident: Bool {
        if case .resident = residency { true } else { false }
    }

    /// Runs batches, or will once it is loaded.
    var isUsable: Bool { isInService && residency != .absent }

    init(model: Int, instance: InstanceID, devices: [Int], bytes: Int) {
        self.model = model
        self.instance = instance
        self.devices = devices
        self.bytes = bytes
    }
}

/// One device as the group sees it.
struct DeviceState {
    var isPresent = false
    /// Position of the unit whose batch runs.
    var running: Int?
    /// When that batch is promised to end.
    var freeAt = Instant.origin
    /// Position of the gang that the device is kept for.
    var heldFor: Int?
    /// Bytes that the gang will need here for its smallest batch.
    var heldBytes = 0
    /// Positions of the units that occupy this device.
    var units: [Int] = []
}

/// One model as the group sees it.
struct ModelState {
    /// Positions of the model's units, by instance.
    var units: [Int] = []
    /// Weighted rows per millisecond that arrive.
    var traffic: DecayedRate
    /// Rows per millisecond that were refused because the model was not in memory.
    var missed: DecayedRate
    /// Turns owed while lesser classes grow old behind other models, and whether a whole one is.
    var credit = 0.0
    var isOwed = false
    /// Number of the turn in which the model last ran, for the round robin.
    var lastTurn: UInt64 = 0
    /// Rows of the largest request that fits all of its placements.
    var mostRows: Int
    /// Already looked at in the present round.
    var isTried = false
}
