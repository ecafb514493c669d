internal import ControlCore
internal import SchedulerCore
internal import SchedulerTesting
internal import ServingModel
internal import Simulator
internal import Testing

/// Each world runs with every action checked by independent books (conservation over models, one batch
/// per device, residency, memory never exceeded and back to the weights) and with the group's own
/// invariants G1-G4 checked after every event.
@Suite("Properties of random groups", .tags(.property, .simulation))
struct GroupPropertyTests {
    @Test("No action is illegal, every request ends once, memory is never exceeded and comes back")
    func contract() throws {
        try forEachSeed(count: 150) { try holdsContract($0) }
    }

    @Test(
        "Worlds that once broke the contract keep it",
        arguments: [
            // A gang that made room on its last device left free devices beside waiting work.
            284,
            // A rule that gave up heads bared a request for which no room had been made.
            601,
            // A model kept others out for work that it then gave up, and nobody looked again.
            1_248,
        ])
    func pastFaults(seed: UInt64) throws {
        try holdsContract(Seeded(seed))
    }

    private func holdsContract(_ random: Seeded) throws {
        let world = GroupSwarm(random).world(requests: 120)
        let outcome = try world.run().outcome
        try require(outcome.total.ended == outcome.total.arrived, "\(outcome.total)")
        for (peak, device) in zip(outcome.peakBytes, world.configuration.devices) {
            try require(peak <= device.memory, "\(peak) of \(device.memory) bytes")
        }
    }

    @Test("Equal inputs give equal actions")
    func determinism() throws {
        try forEachSeed(count: 30) { random in
            let first = try GroupSwarm(random).world(requests: 100).run().hash
            let second = try GroupSwarm(random).world(requests: 100).run().hash
            try require(first == second, "two runs differ")
        }
    }

    @Test("A model alone on devices of its own launches as its scheduler would by itself")
    func equivalence() throws {
        try forEachSeed(count: 80) { random in
            var world = Swarm(random).world(requests: 100)
            world.stimuli.removeAll {
                switch $0.kind {
                case .lose, .restore, .probe, .limit, .limitQueue, .prefer, .hold: true
                case .arrive, .cancel, .drain, .variant: false
                }
            }
            let count = world.configuration.instances
            // All devices are like the first, without noise: the two servers draw it differently.
            var device = world.devices[0]
            device.noise = 0
            device.stallProbability = 0
            device.failureProbability = 0
            world.devices = Array(repeating: device, count: count)
            let alone = try bare(world)
            let grouped = try group(world)
            for (one, other) in zip(alone, grouped) {
                try require(one == other, "alone: \(one); in a group: \(other)")
            }
            try require(alone.count == grouped.count, "\(alone.count), \(grouped.count) effects")
        }
    }

    private func bare(_ world: World) throws -> [String] {
        var effects: [String] = []
        var server = VirtualServer(
            world.configuration, VirtualServer.Options(devices: world.devices, Seeded(1)))
        try server.run(world.stimuli) { now, _, answer, _ in
            for action in answer.actions {
                effects.append(Self.text(action, answer.members, at: now))
            }
        }
        return effects
    }

    private func group(_ world: World) throws -> [String] {
        let count = world.configuration.instances
        let model = GroupModel(
            world.configuration, placements: (0..<count).map { [DeviceIndex($0)] })
        let configuration = GroupConfiguration(
            devices: Array(repeating: GroupDevice(memory: 1), count: count), models: [model])
        let costs = [GangModel(world.devices[0])]
        var server = VirtualGroupServer(
            configuration, VirtualGroupServer.Options(costs: costs, Seeded(1)))
        var effects: [String] = []
        let stream = AnyIterator(world.stimuli.makeIterator())
        try server.run(Self.traffic(stream)) { now, _, answer, _ in
            for case .model(_, let action) in answer.actions {
                effects.append(Self.text(action, answer.members, at: now))
            }
        }
        return effects
    }

    /// The stimuli of one model, drain included.
    private static func traffic(_ stream: AnyIterator<Stimulus>) -> [GroupStimulus] {
        stream.compactMap { stimulus in
            switch stimulus.kind {
            case .arrive(let arrival):
                GroupStimulus(at: stimulus.at, .arrive(ModelIndex(0), arrival))
            case .cancel(let id): GroupStimulus(at: stimulus.at, .cancel(ModelIndex(0), id))
            case .drain: GroupStimulus(at: stimulus.at, .drain)
            case .lose, .restore, .probe, .limit, .limitQueue, .prefer, .variant, .hold: nil
            }
        }
    }

    private static func text(_ action: Action, _ members: [RequestID], at now: Instant) -> String {
        switch action {
        case .launch(let launch): "\(now) \(launch.instance) \(members[launch.members])"
        case .reject(let id, let reason, _): "\(now) \(id) \(reason)"
        case .cancelled(let id): "\(now) \(id)"
        }
    }
}
