internal import ControlCore
internal import SchedulerCore
internal import SchedulerTesting
internal import ServingModel
internal import Simulator
internal import Testing

/// A device that does 930 requests a second with the full model and 1,550 with the cheaper one; one in five
/// requests is important.
@Suite("In which order things are given up")
struct BrownoutTests {
    private func run(_ rate: Double) throws -> Outcome {
        var device = DeviceModel(base: 10, perRow: 1)
        device.variantFactors = [0.6]
        let random = Seeded(3)
        var configuration = SchedulerConfiguration(
            classes: [
                .forTest("high", weight: 8, deadline: 500),
                .forTest("low", weight: 1, deadline: 1_000),
            ], maxBatchRows: 128, latency: device.warmedUp(random.split("warm-up")))
        configuration.cheaperVariants = [LatencyModel(base: 6, perRow: 0.6)]
        configuration.fastFail = .tail
        var server = VirtualServer(
            configuration, VirtualServer.Options(devices: [device], random.split("devices")))
        var classes = [
            ScenarioClass(name: "high", deadlineMilliseconds: 500),
            ScenarioClass(name: "low", deadlineMilliseconds: 1_000),
        ]
        classes[0].share = 0.2
        classes[1].share = 0.8
        return try server.run(
            ScenarioLoad(
                ArrivalPlan(.poisson(ratePerSecond: rate)), classes: classes, faults: FaultPlan(),
                seconds: 30, random.split("load")))
    }

    private func cheaperShare(_ outcome: Outcome) -> Double {
        guard outcome.requestsByVariant.count > 1 else { return 0 }
        return Double(outcome.requestsByVariant[1]) / Double(outcome.total.arrived)
    }

    @Test(
        "Below capacity nothing, then the quality of some, then the lesser class, never the other")
    func order() throws {
        let easy = try run(600)
        #expect(cheaperShare(easy) < 0.05)
        #expect(easy.total.inTimeShare == 1)

        let much = try run(1_100)
        #expect((0.1...0.95).contains(cheaperShare(much)), "\(cheaperShare(much))")
        #expect(much.total.inTimeShare > 0.999, "\(much.total.inTimeShare)")

        let more = try run(2_000)
        #expect(more.classes[0].inTimeShare > 0.99, "\(more.classes[0].inTimeShare)")
        #expect((0.4...0.95).contains(more.classes[1].inTimeShare), "\(more.classes[1])")
        #expect(cheaperShare(more) > 0.6)
    }
}
