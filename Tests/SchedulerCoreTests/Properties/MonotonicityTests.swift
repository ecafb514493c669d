internal import ControlCore
internal import SchedulerCore
internal import SchedulerTesting
internal import ServingModel
internal import Simulator
internal import Testing
internal import TraceFormat

/// What more importance, more time and less load do to the outcome.
@Suite("Monotonicity", .tags(.property, .simulation))
struct MonotonicityTests {
    static let device = DeviceModel(base: 1.39, perRow: 0.0793)

    static func outcome(
        rate: Double, deadline: Double, _ random: Seeded
    ) throws -> Outcome {
        var configuration = SchedulerConfiguration(
            maxBatchRows: 1_024, latency: LatencyModel(base: device.base, perRow: device.perRow))
        configuration.classes = [.forTest("only", deadline: 80)]
        let options = VirtualServer.Options(devices: [device], random)
        var server = VirtualServer(configuration, options)
        return try server.run(
            Load(
                .poisson(rate: rate), classes: [LoadClass(0, deadline: deadline)],
                milliseconds: 1_000, random))
    }

    @Test("I12: less load or more time never serves a smaller part in time, to one percent")
    func statistical() throws {
        try forEachSeed(count: 1) { random in
            let busy = try Self.outcome(rate: 15, deadline: 60, random)
            let calmer = try Self.outcome(rate: 13, deadline: 60, random)
            let patient = try Self.outcome(rate: 15, deadline: 80, random)
            let share = busy.total.inTimeShare
            try require(calmer.total.inTimeShare >= share - 0.01, "less load")
            try require(patient.total.inTimeShare >= share - 0.01, "more time")
        }
    }

    @Test("I8: a request that is made more important is not answered later")
    func importance() throws {
        try forEachSeed(count: 40) { seeded in
            var random = seeded
            let device = Self.device
            let classes = [
                PriorityClass.forTest("high", weight: 2, deadline: 400),
                .forTest("low", weight: 1, deadline: 400),
            ]
            var configuration = SchedulerConfiguration(
                classes: classes, maxBatchRows: 8,
                latency: LatencyModel(base: device.base, perRow: device.perRow))
            configuration.guardInterval = .zero
            let rate = random.uniform(1, 5)
            let load = Load(
                .poisson(rate: rate),
                classes: [LoadClass(0, deadline: 400), LoadClass(1, deadline: 400)],
                milliseconds: 80, seeded)
            let stimuli = Array(load)
            let world = World(configuration, devices: [device], stimuli, seeded)
            let chosen = random.integer(in: 0...(stimuli.count - 1))
            guard case .arrive(var arrival) = stimuli[chosen].kind else { return }
            var raised = world
            arrival.priorityClass = ClassIndex(0)
            raised.stimuli[chosen] = Stimulus(at: stimuli[chosen].at, .arrive(arrival))
            let before = try Self.launch(of: arrival.id, world)
            let after = try Self.launch(of: arrival.id, raised)
            try require(after <= before, "request \(arrival.id): \(after) after \(before)")
        }
    }

    /// When the batch of a request starts.
    static func launch(of id: RequestID, _ world: World) throws -> Instant {
        let trace = try world.run(checks: .none).trace
        return trace.steps.first { $0.members.contains(id) }?.input.at ?? .distantFuture
    }
}
