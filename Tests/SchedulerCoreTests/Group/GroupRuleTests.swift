internal import ControlCore
internal import SchedulerCore
internal import SchedulerTesting
internal import ServingModel
internal import Simulator
internal import Testing

/// The rules of a group, one by one. A batch of `n` rows is promised to take `1.05 * (1 + n)` ms.
@Suite("Rules of device groups")
struct GroupRuleTests {
    private static func model(
        _ devices: [[Int]] = [[0]], resident: Int = 0, perRow: Int = 0, reload: Double = 0,
        density: Double = 1, starts: Bool = true
    ) -> GroupModel {
        let classes: [PriorityClass] = [
            .forTest("high", weight: 2, deadline: 1_000), .forTest("low", deadline: 1_000),
        ]
        return GroupModel(
            .byHand(classes: classes), placements: devices.map { $0.map { DeviceIndex($0) } },
            memory: MemoryModel(resident: resident, perRow: perRow),
            reload: Interval(milliseconds: reload), flopsPerByte: density, startsResident: starts)
    }

    @Test("The model with the most important work has the next turn")
    func importance() {
        var group = Driven([Self.model(), Self.model()])
        #expect(group.arrive(0, 1, class: 1, due: 900, at: 0) == ["m0 i0 [1]"])
        #expect(group.arrive(0, 2, class: 1, due: 500, at: 1).isEmpty)
        #expect(group.arrive(1, 1, class: 0, due: 900, at: 2).isEmpty)
        #expect(group.complete(0, at: 3) == ["m1 i0 [1]"])
        #expect(group.complete(1, at: 6) == ["m0 i0 [2]"])
    }

    @Test(
        "Of equal class the one that waits longest goes first, unless the other cannot wait for it")
    func urgency() {
        var group = Driven([Self.model(), Self.model()])
        _ = group.arrive(0, 1, due: 900, at: 0)
        _ = group.arrive(0, 2, due: 900, at: 0.5)
        _ = group.arrive(1, 1, due: 400, at: 1)
        #expect(group.complete(0, at: 2.1) == ["m0 i0 [2]"])
        // m1 must start by 7.9 - 2.1 ms; another batch of m0 would end at 6.4 ms.
        _ = group.arrive(0, 3, due: 900, at: 2.2)
        _ = group.arrive(1, 2, due: 7.9, at: 2.3)
        #expect(group.complete(0, at: 4.3) == ["m1 i0 [2, 1]"])
    }

    @Test(
        "Where the models do not fit together, the denser work of a class goes first if time allows"
    )
    func density() {
        let models = [
            Self.model(resident: 40, density: 1), Self.model(resident: 40, density: 10),
            Self.model(resident: 40, starts: false),
        ]
        var group = Driven(models, memory: 100)
        _ = group.arrive(0, 1, due: 900, at: 0)
        _ = group.arrive(0, 2, due: 900, at: 0.5)
        _ = group.arrive(1, 1, due: 950, at: 1)
        #expect(group.complete(0, at: 2.1) == ["m1 i0 [1]"])
        #expect(group.complete(1, at: 4.2) == ["m0 i0 [2]"])
    }

    @Test("Lesser work makes no batch longer than half the deadline of another model's traffic")
    func blocking() {
        var group = Driven([Self.model(), Self.model()])
        _ = group.arrive(1, 1, due: 20, at: 0)
        for id in 1...30 {
            _ = group.arrive(0, UInt64(id), class: 1, due: 900, isFollowed: id < 30, at: 0.5)
        }
        // Half of 20 ms hold 8 rows and a bit.
        #expect(group.complete(1, at: 2) == ["m0 i0 [1, 2, 3, 4, 5, 6, 7, 8]"])
    }

    @Test("Memory bounds the batch, and refuses what would not even fit alone")
    func memory() {
        var group = Driven([Self.model(resident: 50, perRow: 10)], memory: 100)
        #expect(group.arrive(0, 1, due: 900, rows: 6, at: 0) == ["m0 reject 1 memory_exceeded"])
        for id in 2...8 { _ = group.arrive(0, UInt64(id), due: 900, isFollowed: true, at: 1) }
        #expect(group.arrive(0, 9, due: 900, at: 1) == ["m0 i0 [2, 3, 4, 5, 6]"])
        #expect(group.machine.ledger.used == [100])
        #expect(group.complete(0, at: 9) == ["m0 i0 [7, 8, 9]"])
        _ = group.complete(0, at: 14)
        #expect(group.machine.ledger.used == [50])
    }

    @Test("A model stays its time, then makes room; what cannot survive that is refused at once")
    func residency() {
        let models = [
            Self.model(resident: 60, reload: 10),
            Self.model(resident: 60, reload: 10, starts: false),
        ]
        var group = Driven(models, memory: 100)
        // 40 ms of residency, 10 ms of loading and 2.1 ms of computing.
        #expect(group.arrive(1, 1, due: 52, at: 5) == ["m1 reject 1 deadline_unreachable"])
        #expect(group.arrive(1, 2, due: 500, at: 5).isEmpty)
        #expect(group.machine.nextWakeup == CheckedScheduler.instant(40))
        #expect(group.send(.timerFired, at: 40) == ["unload m0 i0", "load m1 i0"])
        #expect(group.send(.loaded(ModelIndex(1), InstanceID(0)), at: 50) == ["m1 i0 [2]"])
        #expect(group.machine.ledger.used == [60])
    }

    @Test("A model that all its traffic is refused for comes in when it is worth more than another")
    func refusedTraffic() {
        let models = [
            Self.model(resident: 60, reload: 10),
            Self.model(resident: 60, reload: 10, starts: false),
        ]
        var group = Driven(models, memory: 100)
        #expect(
            group.arrive(1, 1, due: 108, at: 100)
                == ["m1 reject 1 deadline_unreachable", "unload m0 i0", "load m1 i0"])
        // The other has no traffic; with more of it, it would stay.
        #expect(group.send(.loaded(ModelIndex(1), InstanceID(0)), at: 110).isEmpty)
        #expect(group.arrive(1, 2, due: 118, at: 111) == ["m1 i0 [2]"])
    }

    @Test("A load that fails is tried again after a pause")
    func failedLoad() {
        var group = Driven([Self.model(resident: 60, reload: 10, starts: false)], memory: 100)
        #expect(group.arrive(0, 1, due: 900, at: 0) == ["load m0 i0"])
        #expect(group.send(.loadFailed(ModelIndex(0), InstanceID(0)), at: 10).isEmpty)
        #expect(group.machine.ledger.used == [0])
        #expect(group.machine.nextWakeup == CheckedScheduler.instant(30))
        #expect(group.send(.timerFired, at: 30) == ["load m0 i0"])
    }

    @Test("A gang holds its devices until all are free; only what ends before starts meanwhile")
    func hold() {
        let models = [Self.model([[0]]), Self.model([[0, 1]]), Self.model([[1]])]
        var group = Driven(models, devices: 2)
        // Ten rows: device 0 runs until 11.55 ms.
        _ = group.arrive(0, 1, due: 900, rows: 10, at: 0)
        #expect(group.arrive(1, 1, due: 900, at: 1).isEmpty)
        #expect(group.machine.hold(on: DeviceIndex(1))?.model == ModelIndex(1))
        #expect(group.arrive(2, 1, due: 900, at: 2) == ["m2 i0 [1]"])
        #expect(group.arrive(0, 2, due: 900, at: 3).isEmpty)
        #expect(group.complete(2, at: 4).isEmpty)
        // Twenty rows would take 22 ms, and the gang can begin in 6.
        #expect(group.arrive(2, 2, due: 900, rows: 20, at: 5).isEmpty)
        #expect(group.complete(0, at: 11.5) == ["m1 i0 [1]"])
        #expect(group.machine.hold(on: DeviceIndex(1)) == nil)
        #expect(group.complete(1, at: 13.6) == ["m0 i0 [2]", "m2 i0 [2]"])
    }

    @Test("More important work does not wait for a hold")
    func holdGivesWay() {
        let models = [Self.model([[0]]), Self.model([[0, 1]]), Self.model([[1]])]
        var group = Driven(models, devices: 2)
        _ = group.arrive(0, 1, due: 900, rows: 10, at: 0)
        _ = group.arrive(1, 1, class: 1, due: 900, at: 1)
        #expect(group.arrive(2, 1, due: 900, rows: 20, at: 2) == ["m2 i0 [1]"])
        #expect(group.complete(0, at: 11.5).isEmpty)
        #expect(group.complete(2, at: 24) == ["m1 i0 [1]"])
    }

    @Test("A hold ends when the gang has nothing left to run, or loses a device")
    func holdEnds() {
        let models = [Self.model([[0]]), Self.model([[0, 1]]), Self.model([[1]])]
        var group = Driven(models, devices: 2)
        _ = group.arrive(0, 1, due: 900, rows: 10, at: 0)
        _ = group.arrive(1, 1, due: 900, at: 1)
        _ = group.arrive(2, 1, due: 900, rows: 20, at: 2)
        let effects = group.send(.cancelled(ModelIndex(1), RequestID(1)), at: 3)
        #expect(effects == ["m1 cancelled 1", "m2 i0 [1]"])
        _ = group.arrive(1, 2, due: 900, at: 4)
        let lost = group.send(.deviceLost(DeviceIndex(0)), at: 5)
        #expect(lost == ["unload m1 i0", "m1 reject 2 no_instance"])
    }

    @Test("The least traffic times reload time for each byte leaves first: a naive count agrees")
    func victims() throws {
        try forEachSeed(count: 60) { random in
            var draw = random
            let bytes = (0..<5).map { _ in draw.integer(in: 10...40) }
            let reloads = (0..<5).map { _ in draw.integer(in: 1...20) }
            let rows = (0..<5).map { _ in draw.integer(in: 1...50) }
            let memory = bytes.reduce(0, +)
            let need = draw.integer(in: 10...memory)
            // The machine's values are floating point: which of two equal ones is less is a matter of the
            // last bit.
            func value(_ index: Int, over other: Int) -> Int {
                rows[index] * reloads[index] * bytes[other]
            }
            let isTied = (0..<5).contains { left in
                (0..<left).contains { value(left, over: $0) == value($0, over: left) }
            }
            if isTied { return }
            var models = (0..<5).map {
                Self.model(resident: bytes[$0], reload: Double(reloads[$0]))
            }
            models.append(Self.model(resident: need, reload: 10, starts: false))
            var group = Driven(models, memory: memory)
            for index in 0..<5 {
                _ = group.send(
                    .turnedAway(ModelIndex(index), ClassIndex(0), rows: rows[index]), at: 200)
            }
            let effects = group.arrive(5, 1, due: 900, at: 200)
            var left: [Int] = []
            var free = 0
            let order = (0..<5).sorted { value($0, over: $1) < value($1, over: $0) }
            for index in order where free < need {
                free += bytes[index]
                left.append(index)
            }
            var expected: [String] = left.sorted().map { "unload m\($0) i0" }
            expected.append("load m5 i0")
            try require(effects == expected, "\(effects) instead of \(expected)")
        }
    }

    @Test("Neither a gang nor the single-device work beside it starves")
    func coexistence() throws {
        let single = GangModel(DeviceModel.medium)
        let gang = GangModel(DeviceModel.medium, degree: 2, communication: 0.3)
        let costs = [single, single, gang]
        let placements = [[[0]], [[1]], [[0, 1]]]
        let random = Seeded(3)
        let models = costs.indices.map { index in
            GroupModel(
                SchedulerConfiguration(
                    classes: [.forTest("only", deadline: 100)], maxBatchRows: 512,
                    latency: costs[index].warmedUp(random.split("warm-up"))),
                placements: placements[index].map { $0.map { DeviceIndex($0) } })
        }
        let loads = [5.0, 5, 4].enumerated().map { index, rate in
            AnyIterator(
                Load(
                    .poisson(rate: rate), classes: [LoadClass(0, deadline: 100)],
                    milliseconds: 4_000, random.split("load \(index)")))
        }
        var server = VirtualGroupServer(
            GroupConfiguration(
                devices: [GroupDevice(memory: 1), GroupDevice(memory: 1)], models: models),
            VirtualGroupServer.Options(costs: costs, random))
        let outcome = try server.run(MergedTraffic(loads))
        for model in outcome.models { #expect(model.total.inTimeShare >= 0.995, "\(model.total)") }
    }
}

/// A group driven by hand, its invariants checked after each event; answers in words.
private struct Driven: ~Copyable {
    var machine: DeviceGroup
    private var buffer = GroupActionBuffer()

    init(_ models: [GroupModel], devices: Int = 1, memory: Int = 1_000) {
        machine = DeviceGroup(
            GroupConfiguration(
                devices: Array(repeating: GroupDevice(memory: memory), count: devices),
                models: models))
        for device in 0..<devices { _ = send(.deviceReady(DeviceIndex(device)), at: 0) }
    }

    mutating func send(_ event: GroupEvent, at time: Double) -> [String] {
        buffer.removeAll()
        machine.handle(event, at: CheckedScheduler.instant(time), into: &buffer)
        var isFollowed = false
        if case .arrived(_, let arrival) = event { isFollowed = arrival.isFollowed }
        if !isFollowed { machine.checkInvariants() }
        return buffer.actions.map { action in
            switch action {
            case .load(let model, let id): "load m\(model) i\(id)"
            case .unload(let model, let id): "unload m\(model) i\(id)"
            case .model(let model, .launch(let launch)):
                "m\(model) i\(launch.instance) \(Array(buffer.members(of: launch)))"
            case .model(let model, .reject(let id, let reason, _)):
                "m\(model) reject \(id) \(reason.rawValue)"
            case .model(let model, .cancelled(let id)): "m\(model) cancelled \(id)"
            }
        }
    }

    mutating func arrive(
        _ model: Int, _ id: UInt64, class index: Int = 0, due: Double, rows: Int = 1,
        isFollowed: Bool = false, at time: Double
    ) -> [String] {
        let arrival = Arrival(
            id: RequestID(id), priorityClass: ClassIndex(index),
            deadline: CheckedScheduler.instant(due), rows: rows, isFollowed: isFollowed)
        return send(.arrived(ModelIndex(model), arrival), at: time)
    }

    mutating func complete(_ model: Int, at time: Double) -> [String] {
        send(.completed(ModelIndex(model), InstanceID(0), .failure), at: time)
    }
}
