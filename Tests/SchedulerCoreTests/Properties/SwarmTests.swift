internal import ControlCore
internal import SchedulerCore
internal import SchedulerTesting
internal import ServingModel
internal import Simulator
internal import Testing
internal import TraceFormat

/// Each world runs with every action checked against the contract (conservation, no foreign or double
/// ids, batch and queue limits, work conservation, promises in time, rejects neither early nor late)
/// and with the machine's own books checked after every event.
@Suite("Properties of random worlds", .tags(.property, .simulation))
struct SwarmTests {
    @Test("I1-I4, I13: no action is illegal, every request ends once, no instance idles in vain")
    func contract() throws {
        try forEachWorld(count: 120) {
            Swarm($0, drawsOptions: true).world(requests: 120)
        } check: { world in
            let outcome = try world.run().outcome
            try require(outcome.total.ended == outcome.total.arrived, "\(outcome.total)")
        }
    }

    @Test("The machine answers every event as the naive scheduler does")
    func oracle() throws {
        try forEachWorld(count: 120) {
            Swarm($0, drawsOptions: true).world(requests: 100)
        } check: { world in
            try compareWithOracle(try world.run(checks: .none).trace, world.configuration)
        }
    }

    @Test("I1-I3 hold with instances that hang, fail or are slow, with breakers and without")
    func faults() throws {
        try forEachWorld(count: 120) { random in
            var world = Swarm(random, drawsOptions: true).world(requests: 150)
            var draw = random.split("device faults")
            let end = world.stimuli.last?.at ?? .origin
            for index in world.devices.indices where draw.chance(0.7) {
                let length = Instant.origin.interval(to: end).milliseconds
                let from = draw.uniform(0, length)
                world.faults.append(
                    DeviceFault(
                        draw.pick(.hang, .fail, .slow), device: index,
                        from: .origin + Interval(milliseconds: from),
                        until: .origin + Interval(milliseconds: draw.uniform(from, 2 * length)),
                        factor: draw.pick(4, 10, 100)))
            }
            if draw.chance(0.8) {
                var settings = BreakerSettings()
                // In worlds this short a second would be for ever.
                settings.leastStall = Interval(
                    milliseconds: 5 * world.devices[0].mean(rows: 8))
                settings.firstPause = settings.leastStall / 4
                settings.failures = draw.integer(in: 1...5)
                settings.window = draw.pick(4, 20)
                world.breakers = settings
            }
            return world
        } check: { world in
            let (outcome, trace) = try world.run()
            try require(outcome.total.ended == outcome.total.arrived, "\(outcome.total)")
            try compareWithOracle(trace, world.configuration)
        }
    }

    @Test("I1-I4 hold, and the oracle agrees, where models leave memory and come back")
    func paging() throws {
        try forEachWorld(count: 80) { random in
            var world = Swarm(random, drawsOptions: true).world(requests: 100)
            var draw = random.split("paging")
            let end = world.stimuli.last?.at ?? .origin
            let length = Instant.origin.interval(to: end).milliseconds
            for _ in 0..<draw.integer(in: 1...4) {
                let instance = InstanceID(
                    draw.integer(in: 0...(world.configuration.instances - 1)))
                let leaves = draw.uniform(0, length)
                let back = leaves + draw.uniform(0, length / 2)
                let promised = draw.pick(leaves, back, 2 * back)
                world.stimuli += [
                    Stimulus(
                        at: .origin + Interval(milliseconds: leaves),
                        .hold(instance, until: .origin + Interval(milliseconds: promised))),
                    Stimulus(at: .origin + Interval(milliseconds: back), .restore(instance)),
                ]
            }
            // As always, what happens at one instant keeps its order.
            world.stimuli = world.stimuli.enumerated()
                .sorted { ($0.element.at, $0.offset) < ($1.element.at, $1.offset) }
                .map(\.element)
            return world
        } check: { world in
            let (outcome, trace) = try world.run()
            try require(outcome.total.ended == outcome.total.arrived, "\(outcome.total)")
            try compareWithOracle(trace, world.configuration)
        }
    }

    @Test("I15: equal inputs give equal actions")
    func determinism() throws {
        try forEachWorld(count: 30) {
            Swarm($0, drawsOptions: true).world(requests: 100)
        } check: { world in
            let first = try world.run(checks: .none).trace
            let second = try world.run(checks: .none).trace
            try require(first == second, "two runs differ")
            let replayed = Trace(replaying: first.inputs, world.configuration)
            try require(replayed == first, "the replay differs")
            try require(replayed.hash == first.hash, "the hashes differ")
        }
    }
}
