internal import ControlCore
internal import SchedulerCore
internal import SchedulerTesting
internal import ServingModel
internal import Simulator
internal import Testing

@Suite("Options: cheaper variants")
struct VariantTests {
    /// The full model takes `1.05 (1 + n)` ms, the cheaper one half of it.
    static func byHand(isResident: Bool = true) -> SchedulerConfiguration {
        var configuration = SchedulerConfiguration.byHand(
            classes: [.forTest("only", deadline: 100)])
        configuration.cheaperVariants = [LatencyModel(base: 0.5, perRow: 0.5)]
        configuration.variantsAreResident = isResident
        return configuration
    }

    @Test("With time enough the full model computes")
    func full() throws {
        var machine = try CheckedScheduler(Self.byHand())
        _ = try machine.arrive(1, due: 100, at: 0)
        #expect(machine.lastLaunch?.variant == .full)
    }

    @Test("A head that the full model would make late is computed by the cheaper one")
    func urgent() throws {
        var machine = try CheckedScheduler(Self.byHand())
        let effects = try machine.arrive(1, due: 2, at: 0)
        #expect(effects == [.launched(0, [1])], "the full model needs 2.1 ms")
        #expect(machine.lastLaunch?.variant == VariantIndex(1))
        #expect(machine.lastLaunch?.predicted == Interval(milliseconds: 1.05))
    }

    @Test(
        "What stays behind a batch of the largest size is to be in time, too",
        arguments: zip([50, 80] as [UInt64], [VariantIndex.full, VariantIndex(1)]))
    func followers(waiting: UInt64, variant: VariantIndex) throws {
        var configuration = Self.byHand()
        configuration.maxBatchRows = 4
        var machine = try CheckedScheduler(configuration)
        _ = try machine.arrive(1, due: 100, at: 0)
        for id in 2...(waiting + 1) { _ = try machine.arrive(id, due: 100, at: 0) }
        let effects = try machine.complete(0, at: 2)
        #expect(effects == [.launched(0, [2, 3, 4, 5])])
        #expect(machine.lastLaunch?.variant == variant, "four need 5.25 ms, and 80 of them 105 ms")
    }

    @Test("Work that insists on the full model leaves others as much less time")
    func company() throws {
        var configuration = Self.byHand()
        configuration.maxBatchRows = 4
        var machine = try CheckedScheduler(configuration)
        _ = try machine.arrive(1, due: 100, at: 0)
        for id in 2...41 as ClosedRange<UInt64> {
            _ = try machine.arrive(id, due: 101, isExact: true, at: 0)
        }
        for id in 42...81 as ClosedRange<UInt64> { _ = try machine.arrive(id, due: 100, at: 0) }
        _ = try machine.complete(0, at: 2)
        #expect(machine.lastLaunch?.variant == VariantIndex(1))
    }

    @Test("A preferred variant computes what allows it, though the full model would be in time")
    func preferred() throws {
        var machine = try CheckedScheduler(Self.byHand())
        try machine.send(.preferred(VariantIndex(1)), at: .origin)
        _ = try machine.arrive(1, due: 100, at: 0)
        #expect(machine.lastLaunch?.variant == VariantIndex(1))
        _ = try machine.complete(0, at: 1)
        _ = try machine.arrive(2, due: 100, isExact: true, at: 1)
        #expect(machine.lastLaunch?.variant == .full)
        _ = try machine.complete(0, at: 4)
        try machine.send(.variant(VariantIndex(1), isResident: false), at: Self.instant(4))
        _ = try machine.arrive(3, due: 100, at: 4)
        #expect(machine.lastLaunch?.variant == .full, "it is not loaded")
        _ = try machine.complete(0, at: 7)
        try machine.send(.variant(VariantIndex(1), isResident: true), at: Self.instant(7))
        try machine.send(.preferred(.full), at: Self.instant(7))
        _ = try machine.arrive(4, due: 100, at: 7)
        #expect(machine.lastLaunch?.variant == .full)
    }

    private static func instant(_ milliseconds: Double) -> Instant {
        CheckedScheduler.instant(milliseconds)
    }

    @Test("A request that wants the full model gets it or nothing, and rides with its kind only")
    func exact() throws {
        var machine = try CheckedScheduler(Self.byHand())
        var effects = try machine.arrive(1, due: 2, isExact: true, at: 0)
        #expect(effects == [.rejected(1, .deadlineUnreachable)])
        _ = try machine.arrive(2, due: 100, at: 0)
        _ = try machine.arrive(3, due: 20, isExact: true, at: 1)
        _ = try machine.arrive(4, due: 21, at: 1)
        effects = try machine.complete(0, at: 2)
        #expect(effects == [.launched(0, [3])])
        effects = try machine.complete(0, at: 3)
        #expect(effects == [.launched(0, [4])])
    }

    @Test("A variant is used from the event that it is loaded until the event that it is not")
    func residence() throws {
        var machine = try CheckedScheduler(Self.byHand(isResident: false))
        var effects = try machine.arrive(1, due: 2, at: 0)
        #expect(effects == [.rejected(1, .deadlineUnreachable)])
        let loaded = Event.variant(VariantIndex(1), isResident: true)
        try machine.send(loaded, at: CheckedScheduler.instant(1))
        effects = try machine.arrive(2, due: 3, at: 1)
        #expect(effects == [.launched(0, [2])])
        let unloaded = Event.variant(VariantIndex(1), isResident: false)
        try machine.send(unloaded, at: CheckedScheduler.instant(2))
        effects = try machine.arrive(3, due: 4, at: 2)
        #expect(effects == [.rejected(3, .deadlineUnreachable)])
    }

    @Test("Each variant learns from its own batches, for all queues of the shape")
    func learning() throws {
        var machine = try CheckedScheduler(Self.byHand())
        _ = try machine.arrive(1, due: 2, at: 0)
        _ = try machine.arrive(2, due: 100, isExact: true, at: 0.5)
        _ = try machine.complete(0, .success, at: 1)
        let shape = ShapeID(0)
        #expect(machine.scheduler.latency(of: shape, VariantIndex(1)).observations == 1)
        #expect(machine.scheduler.latency(of: shape).observations == 0)
        _ = try machine.complete(0, .success, at: 3)
        #expect(machine.scheduler.latency(of: shape).observations == 1)
    }

    // MARK: Figures

    static func run(
        _ process: ArrivalProcess, hasVariant: Bool = true, seed: UInt64, milliseconds: Double
    ) throws -> Outcome {
        let random = Seeded(seed)
        var device = DeviceModel.medium.noisy(stallProbability: 0)
        device.variantFactors = [0.6]
        var configuration = SchedulerConfiguration(
            classes: [.forTest("only", deadline: 80)], maxBatchRows: 1_024,
            latency: device.warmedUp(random.split("warm-up")))
        configuration.maxQueuedRequests = 1 << 20
        if hasVariant {
            configuration.cheaperVariants = [
                device.warmedUp(random.split("warm-up 1"), variant: 1)
            ]
        }
        var options = VirtualServer.Options(devices: [device], random)
        options.measuredFrom = .origin + .seconds(1)
        var server = VirtualServer(configuration, options)
        return try server.run(
            Load(
                process, classes: [LoadClass(0, deadline: 80)], milliseconds: milliseconds,
                random.split("load")))
    }

    @Test(
        "A9: chosen for each batch, a variant saves bursts and is hardly used without them",
        .tags(.simulation))
    func figures() throws {
        let bursts = ArrivalProcess.modulated(rates: [4.5, 13.5], dwell: 400)
        for seed in 1...2 as ClosedRange<UInt64> {
            let without = try Self.run(
                bursts, hasVariant: false, seed: seed, milliseconds: 20_000)
            #expect((0.90...0.97).contains(without.total.inTimeShare), "a load like the notes'")
            let burst = try Self.run(bursts, seed: seed, milliseconds: 20_000)
            #expect(burst.total.inTimeShare >= 0.999)
            #expect(burst.cheaperShare <= 0.25, "\(burst.cheaperShare)")
        }
        let steady = try Self.run(.poisson(rate: 12), seed: 1, milliseconds: 10_000)
        #expect(steady.total.inTimeShare >= 0.9999)
        #expect(steady.cheaperShare <= 0.02)
    }
}

extension Outcome {
    /// Part of the launched requests that a cheaper variant computed.
    fileprivate var cheaperShare: Double {
        let total = requestsByVariant.reduce(0, +)
        return total == 0 ? 0 : 1 - Double(requestsByVariant[0]) / Double(total)
    }
}
