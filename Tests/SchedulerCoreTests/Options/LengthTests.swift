internal import ControlCore
internal import SchedulerCore
internal import SchedulerTesting
internal import ServingModel
internal import Simulator
internal import Testing

@Suite("Options: padded lengths")
struct LengthTests {
    /// A batch of `n` units takes `1.05 (1 + n)` ms.
    static func byHand(units: Int = 1 << 30, base: Double = 1) -> SchedulerConfiguration {
        var configuration = SchedulerConfiguration.byHand(
            classes: [.forTest("only", deadline: 10_000)], maxBatchRows: 64)
        configuration.latency = LatencyModel(base: base, perRow: 1)
        var lengths = LengthPolicy()
        lengths.maxBatchUnits = units
        configuration.lengths = lengths
        return configuration
    }

    @Test("A length is padded to the next power of two, or to the next edge")
    func edges() {
        var lengths = LengthPolicy()
        #expect(
            [0, 1, 2, 3, 4, 5, 127, 128, 129].map(lengths.padded) == [
                1, 1, 2, 4, 4, 8, 128, 128, 256,
            ])
        lengths.edges = [10, 100]
        #expect([2, 10, 11, 100, 101].map(lengths.padded) == [10, 10, 100, 100, 101])
    }

    @Test("A batch costs its rows times the longest padded length, and says so")
    func cost() throws {
        var machine = try CheckedScheduler(Self.byHand())
        _ = try machine.arrive(1, due: 9_000, rows: 3, length: 7, at: 0)
        #expect(machine.lastLaunch?.rows == 3)
        #expect(machine.lastLaunch?.paddedLength == 8)
        #expect(machine.lastLaunch?.predicted == Interval(milliseconds: 1.05 * 25))
    }

    @Test(
        "Lengths of one edge ride together; a longer one waits when padding costs more than it saves"
    )
    func edgesBatch() throws {
        var machine = try CheckedScheduler(Self.byHand())
        _ = try machine.arrive(1, due: 9_000, length: 1, at: 0)
        _ = try machine.arrive(2, due: 9_000, length: 5, at: 0.1)
        _ = try machine.arrive(3, due: 9_001, length: 60, at: 0.1)
        _ = try machine.arrive(4, due: 9_002, length: 8, at: 0.1)
        _ = try machine.arrive(5, due: 9_003, length: 6, at: 0.1)
        var effects = try machine.complete(0, at: 3)
        #expect(effects == [.launched(0, [2, 4, 5])])
        effects = try machine.complete(0, at: 30)
        #expect(effects == [.launched(0, [3])])
    }

    @Test("Where a batch has a large fixed part, lengths join as long as padding costs less")
    func joining() throws {
        var machine = try CheckedScheduler(Self.byHand(base: 20))
        _ = try machine.arrive(1, due: 9_000, length: 1, at: 0)
        _ = try machine.arrive(2, due: 9_000, length: 8, at: 0.1)
        _ = try machine.arrive(3, due: 9_001, length: 4, at: 0.1)
        _ = try machine.arrive(4, due: 9_002, length: 4, at: 0.1)
        _ = try machine.arrive(5, due: 9_003, length: 16, at: 0.1)
        let effects = try machine.complete(0, at: 30)
        #expect(
            effects == [.launched(0, [2, 3, 4])], "8 units of padding, and 40 with the longest")
        #expect(machine.lastLaunch?.paddedLength == 8)
        #expect(machine.lastLaunch?.rows == 3)
    }

    @Test("Nobody joins who would make a rider late, or himself, or the batch too large")
    func inTime() throws {
        for (due, units) in [(62.0, 1 << 30), (9_000, 20)] {
            var machine = try CheckedScheduler(Self.byHand(units: units, base: 20))
            _ = try machine.arrive(1, due: 9_000, length: 1, at: 0)
            _ = try machine.arrive(2, due: due, length: 8, at: 0.1)
            _ = try machine.arrive(3, due: 9_001, length: 4, at: 0.1)
            _ = try machine.arrive(4, due: 9_002, length: 4, at: 0.1)
            let effects = try machine.complete(0, at: 30)
            #expect(effects == [.launched(0, [2])])
        }
    }

    // MARK: Figures

    enum Way { case merged, edges, exactShapes }

    static func run(_ way: Way, rate: Double, seed: UInt64 = 3) throws -> Outcome {
        let random = Seeded(seed)
        var device = DeviceModel.medium.noisy(stallProbability: 0)
        device.perRow /= 128
        var configuration = SchedulerConfiguration(
            classes: [.forTest("only", deadline: 80)], maxBatchRows: 1_024,
            latency: device.warmedUp(random.split("warm-up"), unit: 128))
        configuration.maxQueuedRequests = 1 << 20
        var lengths = LengthPolicy()
        lengths.mergesLengths = way == .merged
        if way == .exactShapes { lengths.edges = Array(1...1_025) }
        configuration.maxShapes = 2_000
        configuration.lengths = lengths
        var draw = random.split("lengths")
        let load = Load(
            .poisson(rate: rate), classes: [LoadClass(0, deadline: 80)], milliseconds: 6_000,
            random.split("load"))
        let stimuli = load.map { stimulus in
            guard case .arrive(var arrival) = stimulus.kind else { return stimulus }
            arrival.length = Int(min(draw.logNormal(median: 90, sigma: 0.9), 1_024)) + 1
            return Stimulus(at: stimulus.at, .arrive(arrival))
        }
        var options = VirtualServer.Options(devices: [device], random)
        options.measuredFrom = .origin + .seconds(1)
        var server = VirtualServer(configuration, options)
        return try server.run(stimuli)
    }

    @Test(
        "Merging lengths where it pays beats a queue for each padded length at every load",
        .tags(.simulation), arguments: [0.5, 2, 6])
    func merging(rate: Double) throws {
        let merged = try Self.run(.merged, rate: rate).total
        let edges = try Self.run(.edges, rate: rate).total
        #expect(merged.inTimeShare >= edges.inTimeShare)
        let gain = edges.latency(quantile: 0.99) / merged.latency(quantile: 0.99)
        #expect(gain > 1.08, "P99 \(gain) times as long without merging")
    }

    @Test(
        "Under overload merging costs nothing, and a queue for each length serves a third",
        .tags(.simulation))
    func overload() throws {
        let merged = try Self.run(.merged, rate: 9).total.inTimeShare
        #expect(merged >= 0.83, "\(merged)")
        let edges = try Self.run(.edges, rate: 9).total.inTimeShare
        #expect(merged >= edges, "\(merged), \(edges)")
        let exact = try Self.run(.exactShapes, rate: 9).total.inTimeShare
        #expect(exact < 0.4, "\(exact)")
    }
}
