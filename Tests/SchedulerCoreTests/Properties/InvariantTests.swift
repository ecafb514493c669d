internal import ControlCore
internal import SchedulerCore
internal import SchedulerTesting
internal import ServingModel
internal import Simulator
internal import Testing
internal import TraceFormat

/// Invariants of `docs/scheduling.md` that need a world of their own.
@Suite("Invariants of the policy", .tags(.property, .simulation))
struct InvariantTests {
    @Test("I5: when every head can afford the whole queue, all of it launches at once")
    func feasibleHead() throws {
        try forEachSeed(count: 150) { seeded in
            var random = seeded
            let latency = LatencyModel(
                base: random.uniform(0, 5), perRow: random.uniform(0.01, 2), tile: 1)
            var configuration = SchedulerConfiguration(maxBatchRows: 64, latency: latency)
            configuration.classes = [.forTest("only", deadline: 1_000)]
            var machine = try CheckedScheduler(configuration)
            _ = try machine.arrive(1_000, due: nil, at: 0)
            let count = random.integer(in: 1...64)
            let needed = (latency.latency(rows: count) + configuration.guardInterval).milliseconds
            let end = 1 + latency.latency(rows: 1).milliseconds
            for id in 1...count {
                let due = end + needed + 0.001 + random.exponential(mean: 5)
                let effects = try machine.arrive(UInt64(id), due: due, at: 1)
                try require(effects.isEmpty, "request \(id) of \(count): \(effects)")
            }
            let effects = try machine.complete(0, at: end)
            guard case .launched(0, let ids)? = effects.first, effects.count == 1 else {
                throw Disagreement("\(count) requests: \(effects)")
            }
            try require(Set(ids) == Set(1...UInt64(count)), "\(ids)")
        }
    }

    @Test(
        "I6: even arrivals at 97 % of the zero-miss rate are all served, on a device without noise",
        arguments: [
            DeviceModel(base: 0.696, perRow: 0.0792), DeviceModel(base: 1.39, perRow: 0.0793),
            DeviceModel(base: 3.07, perRow: 0.077),
        ])
    func zeroMiss(device: DeviceModel) throws {
        let guarded = 80 - 0.5
        let bound = (1 - 2 * device.base / guarded) / device.perRow
        // A model that knows the device: two thousand batches brought the margin down to one.
        var latency = LatencyModel(base: device.base, perRow: device.perRow)
        for index in 0..<2_000 {
            let rows = 1 + index % 500
            latency.observe(rows: rows, took: Interval(milliseconds: device.mean(rows: rows)))
        }
        var configuration = SchedulerConfiguration(maxBatchRows: 1_024, latency: latency)
        configuration.classes = [.forTest("only", deadline: 80)]
        var options = VirtualServer.Options(devices: [device], Seeded(1))
        options.measuredFrom = .origin + .milliseconds(200)
        var server = VirtualServer(configuration, options)
        let outcome = try server.run(
            Load(
                .even(rate: 0.97 * bound), classes: [LoadClass(0, deadline: 80)],
                milliseconds: 1_200, Seeded(1)))
        #expect(outcome.total.arrived > 10_000)
        #expect(outcome.total.rejected == 0)
        #expect(outcome.total.late == 0)
    }

    @Test("I7: no batch with lesser work is promised longer than half of a tighter deadline")
    func blocking() throws {
        try forEachSeed(count: 12) { seeded in
            var random = seeded
            let device = DeviceModel(
                base: random.uniform(0.1, 2), perRow: random.uniform(0.02, 0.2))
            let classes = [
                PriorityClass.forTest("high", weight: 8, deadline: 40),
                .forTest("medium", weight: 3, floorShare: 0.1, deadline: 120),
                .forTest("low", weight: 1, floorShare: 0.05, deadline: 1_000),
            ]
            var configuration = SchedulerConfiguration(
                classes: classes, maxBatchRows: 1_024,
                latency: LatencyModel(base: device.base, perRow: device.perRow))
            configuration.minEfficiency = 0.1
            let options = VirtualServer.Options(devices: [device], seeded)
            let watcher = RunWatcher(configuration, checks: .actions, keepsTrace: true)
            var server = VirtualServer(configuration, options)
            let rate = random.uniform(0.5, 2) / device.perRow
            let load = Load(
                .poisson(rate: rate),
                classes: [
                    LoadClass(0, share: 0.2, deadline: 40), LoadClass(1, share: 0.4, deadline: 120),
                    LoadClass(2, share: 0.4, deadline: 1_000),
                ], milliseconds: 120, seeded)
            try server.run(load, watchedBy: watcher)
            try requireBlockingBound(watcher.trace, configuration)
        }
    }

    private func requireBlockingBound(
        _ trace: Trace, _ configuration: SchedulerConfiguration
    ) throws {
        var classOf: [RequestID: Int] = [:]
        var hasTraffic: Set<Int> = []
        for step in trace.steps {
            if case .arrived(let arrival) = step.input.event {
                classOf[arrival.id] = arrival.priorityClass.rawValue
                hasTraffic.insert(arrival.priorityClass.rawValue)
            }
            for case .launch(let launch) in step.actions {
                let lowest = step.members[launch.members].compactMap { classOf[$0] }.max() ?? 0
                for above in hasTraffic where above < lowest {
                    let deadline = configuration.classes[above].defaultDeadline
                    let bound = (deadline - configuration.guardInterval) / 2
                    try require(
                        launch.predicted <= bound || launch.rows == 1,
                        "class \(above): \(launch.predicted) over \(bound)")
                }
            }
        }
    }

    @Test("I13: with a model that only gets more confident, rejects come before the last start")
    func earlyRejects() throws {
        try forEachSeed(count: 12) { seeded in
            var random = seeded
            let device = DeviceModel(base: 1.39, perRow: 0.0793)
            var configuration = SchedulerConfiguration(
                maxBatchRows: 1_024,
                latency: LatencyModel(base: device.base, perRow: device.perRow))
            configuration.classes = [.forTest("only", deadline: 30)]
            let options = VirtualServer.Options(devices: [device], seeded)
            let watcher = RunWatcher(configuration, checks: .actions, keepsTrace: true)
            var server = VirtualServer(configuration, options)
            let rate = random.uniform(1, 3) * 12
            try server.run(
                Load(
                    .poisson(rate: rate), classes: [LoadClass(0, deadline: 30)],
                    milliseconds: 100, seeded), watchedBy: watcher)
            let single = Interval(milliseconds: device.mean(rows: 1))
            var due: [RequestID: Instant] = [:]
            for step in watcher.trace.steps {
                if case .arrived(let arrival) = step.input.event {
                    due[arrival.id] = arrival.deadline
                }
                for case .reject(let id, _, _) in step.actions {
                    guard let deadline = due[id] else { continue }
                    try require(step.input.at <= deadline - single, "\(step.canonicalText)")
                }
            }
        }
    }
}
