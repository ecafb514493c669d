internal import ControlCore
internal import SchedulerCore
internal import SchedulerTesting
internal import ServingModel
internal import Simulator
internal import Testing

/// One device that does 930 requests a second in batches of 128, which take 138 ms.
@Suite("Health rules in virtual time")
struct HealthRunTests {
    /// What a run is made of.
    private struct Setting {
        var levels = [700.0]
        var times = [0.0]
        var seconds = 45.0
        var deadline = 4_000.0
        var variant: Double?
        var memory: ProcessMemory?
        var squeezes: [Squeeze] = []
        var faults: [DeviceFault] = []
    }

    private func rules(_ rules: Set<HealthRule>, isDryRun: Bool = false) -> HealthSettings {
        var settings = HealthSettings()
        settings.rules = rules
        settings.isDryRun = isDryRun
        return settings
    }

    private func configuration(_ setting: Setting, _ random: Seeded) -> SchedulerConfiguration {
        let device = DeviceModel(base: 10, perRow: 1)
        var configuration = SchedulerConfiguration(
            classes: [
                .forTest("only", deadline: UInt64(setting.deadline))
            ], maxBatchRows: 128, latency: device.warmedUp(random.split("warm-up")))
        if let factor = setting.variant {
            configuration.cheaperVariants = [LatencyModel(base: 10 * factor, perRow: factor)]
        }
        return configuration
    }

    private func run(
        _ setting: Setting, _ health: HealthSettings?, observer: VirtualServer.Observer? = nil
    ) throws -> Outcome {
        let random = Seeded(11)
        var device = DeviceModel(base: 10, perRow: 1)
        device.variantFactors = setting.variant.map { [$0] } ?? []
        var options = VirtualServer.Options(devices: [device], random.split("devices"))
        options.health = health
        options.memory = setting.memory
        options.squeezes = setting.squeezes
        options.faults = setting.faults
        var server = VirtualServer(configuration(setting, random), options)
        let load = ScenarioLoad(
            ArrivalPlan(.step(levelsPerSecond: setting.levels, atSeconds: setting.times)),
            classes: [ScenarioClass(name: "only", deadlineMilliseconds: setting.deadline)],
            faults: FaultPlan(), seconds: setting.seconds, random.split("load"))
        return try server.run(load, observer: observer)
    }

    // MARK: Memory

    /// Twenty seconds of overload, in which more waits than fits the memory.
    private var overload: Setting {
        Setting(
            levels: [700, 1_300, 700], times: [0, 10, 30],
            deadline: 6_000,
            memory: ProcessMemory(limitMB: 2_000, residentMB: 1_400, perRequestMB: 0.16))
    }

    @Test("Overload that would cost the process its memory is cut, once and a little, and served")
    func memory() throws {
        let without = try run(overload, nil)
        let with = try run(overload, rules([.memory]))
        #expect(without.processEnds >= 1)
        #expect(with.processEnds == 0)
        #expect(with.total.failed == 0)
        #expect(with.total.inTime > without.total.inTime + 1_000)
        let overloaded = with.healthChanges.filter { $0.at < .origin + .seconds(30) }
        #expect((1...4).contains(overloaded.count), "\(overloaded)")
        #expect(with.healthChanges.count <= 30, "\(with.healthChanges.count)")
    }

    @Test("A device that hangs for seven seconds does not fill the memory")
    func stall() throws {
        var setting = overload
        setting.levels = [700]
        setting.times = [0]
        setting.deadline = 8_000
        let from = Instant.origin + .seconds(10)
        setting.faults = [DeviceFault(.hang, device: 0, from: from, until: from + .seconds(7))]
        let without = try run(setting, nil)
        let with = try run(setting, rules([.memory]))
        #expect(without.processEnds >= 1)
        #expect(with.processEnds == 0)
        #expect(with.total.inTime > without.total.inTime)
    }

    @Test("Memory that the requests do not take costs no more than a few cuts")
    func futile() throws {
        var setting = Setting()
        setting.memory = ProcessMemory(limitMB: 1_000, residentMB: 910, perRequestMB: 0.001)
        let outcome = try run(setting, rules([.memory]))
        #expect(outcome.total.inTimeShare > 0.95)
        #expect(outcome.healthChanges.count <= 25, "\(outcome.healthChanges.count)")
        guard case .requests(let last)? = outcome.healthChanges.last?.change.decision else {
            Issue.record("nothing was changed")
            return
        }
        #expect(last == 16_384, "all of it was given back")
    }

    @Test("A dry run tells and changes nothing")
    func dryRun() throws {
        let without = try run(overload, nil)
        let dry = try run(overload, rules([.memory, .batches, .latency], isDryRun: true))
        #expect(dry.classes == without.classes)
        #expect(!dry.healthChanges.isEmpty)
    }

    // MARK: Latency

    @Test(
        "A load that the full model meets slowly is met quickly by the variant, with two changes"
    )
    func latency() throws {
        let setting = Setting(
            levels: [600, 1_050, 600], times: [0, 10, 35], seconds: 55, deadline: 3_000,
            variant: 0.6)
        let without = try run(setting, nil)
        let with = try run(setting, rules([.latency]))
        #expect(without.total.meanLatency > 700)
        #expect(with.total.meanLatency < 300)
        let decisions = with.healthChanges.map(\.change.decision)
        #expect(decisions == [.variant(VariantIndex(1)), .variant(.full)])
        let share = Double(with.requestsByVariant[1]) / Double(with.total.arrived)
        #expect((0.3...0.75).contains(share), "\(share)")
    }

    // MARK: Batches

    @Test("A limit that was learnt in a squeeze goes after it, and with it the overload")
    func batches() throws {
        let setting = Setting(
            levels: [600], seconds: 60, deadline: 1_000,
            squeezes: [Squeeze(fromSecond: 10, toSecond: 15, rows: 8)])
        let without = try run(setting, nil)
        let with = try run(setting, rules([.batches]))
        #expect(without.total.inTimeShare < 0.9)
        #expect(with.total.inTimeShare > without.total.inTimeShare + 0.05)
        #expect(with.healthChanges.count <= 12, "\(with.healthChanges)")
    }

    // MARK: Replay

    @Test("The scheduler answers the events of a run with rules as it did in the run")
    func replay() throws {
        var events: [(at: Instant, event: Event, actions: [Action])] = []
        let setting = overload
        _ = try run(setting, rules([.memory])) { at, event, answer, _ in
            events.append((at, event, answer.actions))
        }
        #expect(events.contains { if case .queueLimited = $0.event { true } else { false } })
        var scheduler = Scheduler(configuration(setting, Seeded(11)))
        var buffer = ActionBuffer()
        var isSame = true
        for step in events {
            buffer.removeAll()
            scheduler.handle(step.event, at: step.at, into: &buffer)
            isSame = isSame && buffer.actions == step.actions
        }
        #expect(isSame)
    }
}
