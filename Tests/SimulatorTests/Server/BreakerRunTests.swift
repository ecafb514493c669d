internal import ControlCore
internal import SchedulerCore
internal import SchedulerTesting
internal import ServingModel
internal import Simulator
internal import Testing

/// Four instances at 60 % of their capacity, of which one is sick from second 1 to second 3 of 6.
@Suite("Sick instances in virtual time")
struct BreakerRunTests {
    /// What became of a run.
    private struct Result {
        var inTime: Double
        var readings: [BreakerPanel.Reading]
        var controls: [ControlSeries]
        var breakers: BreakerOutcome?

        /// How often instances were taken out.
        func isolations(of instances: some Sequence<Int>) -> UInt64 {
            instances.reduce(0) { sum, index in
                sum + readings[index].isolations.values.reduce(0, +)
            }
        }
    }

    private func run(
        _ kind: DeviceFault.Kind?, factor: Double = 10, _ breakers: BreakerSettings?
    ) throws -> Result {
        let device = DeviceModel.medium
        let random = Seeded(7)
        let configuration = SchedulerConfiguration(
            classes: [.forTest("only", deadline: 80)], instances: 4, maxBatchRows: 512,
            latency: device.warmedUp(random.split("warm-up")))
        var options = VirtualServer.Options(
            devices: Array(repeating: device, count: 4), random.split("devices"))
        options.breakers = breakers
        options.bins = SeriesBins(covering: .seconds(6), count: 6)
        if let kind {
            let from = Instant.origin + .seconds(1)
            options.faults = [
                DeviceFault(
                    kind, device: 2, from: from, until: from + .seconds(2), factor: factor)
            ]
        }
        var server = VirtualServer(configuration, options)
        let load = ScenarioLoad(
            ArrivalPlan(.poisson(ratePerSecond: 28_000)),
            classes: [ScenarioClass(name: "only", deadlineMilliseconds: 80)],
            faults: FaultPlan(), seconds: 6, random.split("load"))
        let outcome = try server.run(load)
        return Result(
            inTime: outcome.total.inTimeShare, readings: server.breakerReadings,
            controls: server.controls?.series ?? [],
            breakers: outcome.breakers)
    }

    private var fixed: BreakerSettings {
        var settings = BreakerSettings()
        settings.tightens = false
        return settings
    }

    @Test("Healthy instances, which stall now and then, are never taken out")
    func healthy() throws {
        for settings in [fixed, BreakerSettings()] {
            let result = try run(nil, settings)
            #expect(result.isolations(of: 0..<4) == 0)
            #expect(result.breakers?.isolations == 0)
            #expect(result.inTime > 0.999)
        }
    }

    @Test(
        "A sick instance is taken out, comes back when it is well, and the others stay in",
        arguments: DeviceFault.Kind.allCases)
    func sick(kind: DeviceFault.Kind) throws {
        let without = try run(kind, nil)
        for settings in [fixed, BreakerSettings()] {
            let result = try run(kind, settings)
            #expect(result.inTime > 0.99, "\(result.inTime)")
            #expect(result.inTime >= without.inTime)
            #expect(result.isolations(of: [2]) == 1, "one decision, no oscillation")
            #expect(result.isolations(of: [0, 1, 3]) == 0)
            #expect(result.readings.allSatisfy { $0.state == .closed })
            #expect(result.readings[2].recoveries == 1)
            // What the report tells: noticed, by whom it was, and in how many batches.
            #expect(result.breakers?.falseIsolations == 0)
            let noticed = result.breakers?.detections.first.flatMap { $0 }
            let batches: ClosedRange<Int> =
                switch kind {
                case .hang: 1...1
                case .fail: 3...5
                case .slow: 4...12
                }
            #expect(
                noticed.map { batches.contains($0.batches) } == true,
                "\(String(describing: noticed))")
            #expect(noticed.map { $0.after <= .milliseconds(2_000) } == true)
            #expect(result.readings[2].relapses <= 4)
            // What the report draws: in service, out, trials, and in service again.
            let drawn = result.controls.filter { $0.panel == .breakers }
            #expect(drawn.map(\.name) == (0..<4).map { "instance \($0)" })
            let states = drawn[2].changes.map(\.value)
            #expect(states.prefix(2) == [0, 2] && states.suffix(2) == [1, 0])
            #expect(states.count == 4 + 2 * Int(result.readings[2].relapses))
            #expect(drawn.filter { $0.changes.count == 1 }.count == 3)
        }
        // One instance of four fails its part of a third of the run. One that hangs holds but one batch, and
        // of one that is slow the scheduler learns to expect less.
        if kind == .fail { #expect(without.inTime < 0.95, "\(without.inTime)") }
    }

    @Test("What fixed thresholds do not see, an anomaly shows: an instance of two and a half times")
    func subtle() throws {
        let seen = try run(.slow, factor: 2.5, BreakerSettings())
        #expect(seen.isolations(of: [2]) >= 1)
        #expect(seen.isolations(of: [0, 1, 3]) == 0)
        #expect(seen.inTime > 0.99)
        #expect(try run(.slow, factor: 2.5, fixed).isolations(of: 0..<4) == 0)
    }
}
