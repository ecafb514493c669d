package import ServingModel

/// One accelerator, or one share of the processor: it runs one batch at a time.
package struct GroupDevice: Sendable, Equatable {
    /// Bytes that models and batches may take.
    package var memory: Int

    /// A device with `memory` bytes.
    package init(memory: Int) {
        self.memory = memory
    }
}

/// A model as a ``DeviceGroup`` knows it.
package struct GroupModel: Sendable, Equatable {
    /// Classes, limits, latency. `instances` is the number of placements and `isArbitrated` is true
    /// whatever is said here. For gangs the latency is that of the whole gang, communication included.
    package var scheduler: SchedulerConfiguration

    /// The devices of each instance: one device each for data-parallel replicas, several for a gang,
    /// whose batches occupy all of them at the same time. All of one model have the same degree.
    package var placements: [[DeviceIndex]]

    /// What an instance needs on each of its devices.
    package var memory: MemoryModel

    /// How long it takes to bring an instance into the memory of its devices.
    package var reload: Interval

    /// Floating point operations for each byte that the model holds or moves: its compute density, which
    /// orders work of equal class while the models do not fit the memory together.
    package var flopsPerByte: Double

    /// Whether the instances are in memory when their devices become ready.
    package var startsResident: Bool

    /// A model with one instance on each of some devices.
    package init(
        _ scheduler: SchedulerConfiguration, placements: [[DeviceIndex]],
        memory: MemoryModel = MemoryModel(resident: 0), reload: Interval = .zero,
        flopsPerByte: Double = 1, startsResident: Bool = true
    ) {
        self.scheduler = scheduler
        self.placements = placements
        self.memory = memory
        self.reload = reload
        self.flopsPerByte = flopsPerByte
        self.startsResident = startsResident
    }
}

/// Whose turn it is on a device that several models could use.
package enum SharingOrder: String, Sendable, Equatable, CaseIterable {
    /// The most important class first, then the earliest latest start.
    case deadline
    /// One batch each in turn, whatever waits: for comparison.
    case roundRobin
}

/// Which idle model makes room for another.
package enum VictimRule: String, Sendable, Equatable, CaseIterable {
    /// The least `recent weighted traffic * reload time / bytes`.
    case leastValuable
    /// The one whose last batch is the longest ago: for comparison.
    case leastRecentlyUsed
}

/// How models come into memory and leave it.
package struct PagingPolicy: Sendable, Equatable {
    /// Which idle model leaves first.
    package var victim = VictimRule.leastValuable

    /// How long a model stays at least once it is loaded, in multiples of its own reload time: with 4, a
    /// device spends at most a fifth of its time on loading one model for another.
    package var residency: UInt64 = 4

    /// Memory of the traffic that makes a model valuable.
    package var trafficMemory = Interval.seconds(10)

    /// How many times more valuable a model must be than those that leave, when it comes in because of
    /// refused traffic or for another replica and not for waiting work.
    package var hysteresis = 1.5

    /// The defaults.
    package init() {}
}

/// Everything that a ``DeviceGroup`` is told once, at construction.
///
/// Class numbers mean the same importance in all models of a group.
package struct GroupConfiguration: Sendable, Equatable {
    /// The devices, absent until they report ready.
    package var devices: [GroupDevice]
    /// The models.
    package var models: [GroupModel]
    /// Whose turn it is.
    package var order = SharingOrder.deadline
    /// How models come and go.
    package var paging = PagingPolicy()

    /// A group of devices and models with the default policies.
    package init(devices: [GroupDevice], models: [GroupModel]) {
        self.devices = devices
        self.models = models
    }

    /// Why this configuration cannot be served, one sentence each; empty when it can.
    package var problems: [String] {
        var problems: [String] = []
        for (index, model) in models.enumerated() {
            if model.placements.isEmpty { problems.append("model \(index) has no placement") }
            var seen = Set<DeviceIndex>()
            for placement in model.placements {
                if placement.isEmpty || placement.count != model.placements[0].count {
                    problems.append("the placements of model \(index) differ in their degree")
                }
                for device in placement {
                    guard devices.indices.contains(device.rawValue) else {
                        problems.append("model \(index) is placed on unknown device \(device)")
                        continue
                    }
                    if !seen.insert(device).inserted {
                        problems.append("model \(index) is placed on device \(device) twice")
                    }
                    let need = model.memory.resident + model.memory.bytes(rows: 1)
                    if need > devices[device.rawValue].memory {
                        problems.append(
                            "model \(index) needs \(need) bytes for one row, device \(device) has"
                                + " \(devices[device.rawValue].memory)")
                    }
                }
            }
        }
        for device in devices.indices where startingBytes(on: device) > devices[device].memory {
            problems.append("the models that start on device \(device) exceed its memory")
        }
        return problems
    }

    /// Bytes of the models that are in a device's memory from the start.
    private func startingBytes(on device: Int) -> Int {
        models.reduce(0) { sum, model in
            let isHere = model.placements.contains { $0.contains(DeviceIndex(device)) }
            return model.startsResident && isHere ? sum + model.memory.resident : sum
        }
    }
}
