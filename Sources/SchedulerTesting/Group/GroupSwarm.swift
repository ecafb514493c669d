internal import ControlCore
internal import SchedulerCore
internal import ServingModel
package import Simulator

/// Random groups: each draws first which features it has at all, as ``Swarm`` does for one model.
package struct GroupSwarm: Sendable {
    private let random: Seeded

    /// Worlds drawn from `random`.
    package init(_ random: Seeded) {
        self.random = random
    }

    /// A world of about `requests` requests.
    package func world(requests: Int) -> GroupWorld {
        var draw = random.split("group")
        let devices = draw.integer(in: 1...4)
        let memory = 1_000
        var costs: [GangModel] = []
        var models: [GroupModel] = []
        var resident = Array(repeating: 0, count: devices)
        let crowding = draw.pick(0.1, 0.3, 0.6, 0.9)
        for index in 0..<draw.integer(in: 1...5) {
            var own = random.split("model \(index)")
            let cost = cost(devices, &own)
            costs.append(cost)
            models.append(
                model(cost, devices, memory: memory, crowding: crowding, &resident, &own))
        }
        var configuration = GroupConfiguration(
            devices: Array(repeating: GroupDevice(memory: memory), count: devices), models: models)
        configuration.order = draw.pick(.deadline, .deadline, .deadline, .roundRobin)
        configuration.paging.victim = draw.pick(.leastValuable, .leastRecentlyUsed)
        configuration.paging.residency = draw.pick(0, 1, 4)
        configuration.paging.trafficMemory = draw.pick(.milliseconds(50), .seconds(10))
        let stimuli = stimuli(requests, configuration, costs)
        var world = GroupWorld(configuration, costs: costs, stimuli, random.split("devices"))
        if draw.chance(0.2) { world.loadFailureProbability = 0.3 }
        return world
    }

    private func cost(_ devices: Int, _ draw: inout Seeded) -> GangModel {
        var device = DeviceModel(base: draw.uniform(0.1, 4), perRow: draw.uniform(0.01, 0.5))
        device.noise = draw.pick(0, 0.02, 0.3)
        if draw.chance(0.2) { device.failureProbability = 0.1 }
        let degree = draw.chance(0.4) ? draw.integer(in: 1...devices) : 1
        return GangModel(device, degree: degree, communication: draw.uniform(0, 0.5))
    }

    private func model(
        _ cost: GangModel, _ devices: Int, memory: Int, crowding: Double, _ resident: inout [Int],
        _ draw: inout Seeded
    ) -> GroupModel {
        let unit = cost.device.mean(rows: 8)
        let classes = (0..<draw.integer(in: 1...3)).map { index in
            PriorityClass(
                name: "class \(index)", weight: 16 >> (2 * index),
                floorShare: draw.pick(0, 0.1, 0.5),
                defaultDeadline: Interval(milliseconds: unit * draw.pick(5, 20, 100)))
        }
        var scheduler = SchedulerConfiguration(
            classes: classes, instances: 1, maxBatchRows: draw.pick(1, 8, 64),
            latency: cost.warmedUp(draw.split("warm-up")))
        scheduler.maxQueuedRequests = draw.pick(5, 1_000)
        if draw.chance(0.2) {
            scheduler.policy = draw.pick(
                .greedy(GreedySettings()), .triton(TritonSettings()), .nexus(NexusSettings()),
                .window(WindowSettings()))
        }
        scheduler.guardInterval = Interval(milliseconds: draw.pick(0, 0.05 * unit))
        // Instances stand side by side from a drawn device on; what does not fit is left out.
        let first = draw.integer(in: 0...(devices - 1))
        let copies = max(draw.integer(in: 1...devices) / cost.degree, 1)
        var placements: [[DeviceIndex]] = []
        for copy in 0..<copies where (copy + 1) * cost.degree <= devices {
            placements.append(
                (0..<cost.degree).map {
                    DeviceIndex((first + copy * cost.degree + $0) % devices)
                })
        }
        let bytes = Int(Double(memory) * crowding * draw.uniform(0.3, 1))
        let perRow = draw.integer(in: 0...((memory - bytes) / 8))
        let places = placements.flatMap { $0 }.map(\.rawValue)
        let starts =
            draw.chance(0.6) && places.allSatisfy { resident[$0] + bytes <= memory }
        if starts { for place in places { resident[place] += bytes } }
        return GroupModel(
            scheduler, placements: placements,
            memory: MemoryModel(resident: bytes, perRow: perRow),
            reload: Interval(milliseconds: unit * draw.pick(0, 1, 10)),
            flopsPerByte: draw.uniform(1, 100), startsResident: starts)
    }

    // MARK: Stimuli

    private func stimuli(
        _ requests: Int, _ configuration: GroupConfiguration, _ costs: [GangModel]
    ) -> [GroupStimulus] {
        var draw = random.split("arrivals")
        let load = draw.pick(0.2, 0.8, 1.5)
        let mostRows = draw.pick(1, 1, 4, 12)
        // Other policies may wait for ever for a full batch; a deadline ends that.
        let isOurs = configuration.models.allSatisfy { $0.scheduler.policy == .slackAware }
        let hasOpenEnds = draw.chance(0.3) && isOurs
        let isAnnounced = draw.chance(0.5)
        let unit = costs.reduce(0) { $0 + $1.device.mean(rows: 8) } / Double(costs.count)
        let rate = load * 8 * Double(configuration.devices.count) / unit
        var clock = 0.0
        var stimuli: [GroupStimulus] = []
        for number in 1...UInt64(max(requests, 1)) {
            if !draw.chance(0.2) { clock += draw.exponential(mean: 1 / rate) }
            let model = draw.integer(in: 0...(configuration.models.count - 1))
            let classes = configuration.models[model].scheduler.classes
            let index = draw.integer(in: 0...(classes.count - 1))
            let patience = classes[index].defaultDeadline.milliseconds
            let relative = draw.pick(patience, patience, draw.exponential(mean: patience))
            let now = Instant.origin + Interval(milliseconds: clock)
            let isOpen = hasOpenEnds && draw.chance(0.3)
            let arrival = Arrival(
                id: RequestID(number), priorityClass: ClassIndex(index),
                deadline: isOpen ? .distantFuture : now + Interval(milliseconds: relative),
                rows: draw.integer(in: 1...mostRows), isFollowed: isAnnounced)
            stimuli.append(GroupStimulus(at: now, .arrive(ModelIndex(model), arrival)))
            if draw.chance(0.05) {
                let later = now + Interval(milliseconds: draw.exponential(mean: unit))
                stimuli.append(
                    GroupStimulus(at: later, .cancel(ModelIndex(model), RequestID(number))))
            }
        }
        if draw.chance(0.3) { stimuli += losses(until: clock, configuration, &draw) }
        if draw.chance(0.1) {
            let end = Instant.origin + Interval(milliseconds: 0.9 * clock)
            stimuli.append(GroupStimulus(at: end, .drain))
        }
        return stimuli.enumerated()
            .sorted { ($0.element.at, $0.offset) < ($1.element.at, $1.offset) }
            .map(\.element)
    }

    private func losses(
        until end: Double, _ configuration: GroupConfiguration, _ draw: inout Seeded
    ) -> [GroupStimulus] {
        var stimuli: [GroupStimulus] = []
        for _ in 0..<draw.integer(in: 1...3) {
            let device = DeviceIndex(draw.integer(in: 0...(configuration.devices.count - 1)))
            let lost = draw.uniform(0, end)
            let back = lost + draw.exponential(mean: 0.2 * end)
            stimuli.append(
                GroupStimulus(at: .origin + Interval(milliseconds: lost), .lose(device)))
            stimuli.append(
                GroupStimulus(at: .origin + Interval(milliseconds: back), .restore(device)))
        }
        return stimuli
    }
}
