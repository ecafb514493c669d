internal import ControlCore
internal import SchedulerCore
internal import SchedulerTesting
internal import ServingModel
internal import Simulator
internal import Testing

/// What sharing buys, in figures, on simulated devices with noise.
@Suite("Figures of groups", .tags(.simulation))
struct GroupFigureTests {
    /// Traffic of one model: requests per millisecond, deadline in milliseconds.
    private struct Traffic {
        var rate: Double
        var deadline: Double
        var cost = DeviceModel.medium
        var memory = 0
        var reload = 0.0
        var priorityClass = 0
    }

    private func run(
        _ traffic: [Traffic], memory: Int = 1, seconds: Double = 10, seed: UInt64 = 1,
        _ change: (inout GroupConfiguration) -> Void = { _ in }
    ) throws -> GroupOutcome {
        let random = Seeded(seed)
        let costs = traffic.map { GangModel($0.cost) }
        var starts = 0
        let models = traffic.enumerated().map { index, own in
            let classes = (0...own.priorityClass).map {
                PriorityClass.forTest(
                    "class \($0)", weight: 8 >> (2 * $0), floorShare: $0 == 0 ? 0 : 0.1,
                    deadline: UInt64(own.deadline))
            }
            starts += own.memory
            return GroupModel(
                SchedulerConfiguration(
                    classes: classes, maxBatchRows: 512,
                    latency: costs[index].warmedUp(random.split("warm-up \(index)"))),
                placements: [[DeviceIndex(0)]], memory: MemoryModel(resident: own.memory),
                reload: Interval(milliseconds: own.reload), startsResident: starts <= memory)
        }
        var configuration = GroupConfiguration(
            devices: [GroupDevice(memory: memory)], models: models)
        change(&configuration)
        var options = VirtualGroupServer.Options(costs: costs, random.split("devices"))
        options.measuredFrom = .origin + .seconds(1)
        var server = VirtualGroupServer(configuration, options)
        let streams = traffic.enumerated().map { index, own in
            AnyIterator(
                Load(
                    .poisson(rate: own.rate),
                    classes: [LoadClass(own.priorityClass, deadline: own.deadline)],
                    milliseconds: seconds * 1_000, random.split("load \(index)")))
        }
        return try server.run(MergedTraffic(streams))
    }

    @Test(
        "Turns by deadline keep a tight model's promise beside a loose one; a round robin does not")
    func sharing() throws {
        // Together 95 % of what the device can do; deadlines of 20 and 1,000 ms.
        let traffic = [Traffic(rate: 3.8, deadline: 20), Traffic(rate: 6.2, deadline: 1_000)]
        let byDeadline = try run(traffic)
        let inTurn = try run(traffic) { $0.order = .roundRobin }
        #expect(byDeadline.models[0].total.inTimeShare >= 0.995)
        #expect(inTurn.models[0].total.inTimeShare <= 0.97)
        #expect(byDeadline.models[1].total.inTimeShare == 1)
        // The loose model is not put off until it is about to be late.
        #expect(byDeadline.models[1].total.latency(quantile: 0.99) <= 150)
    }

    @Test("Three models of which two fit lose no request, and the busiest is never paged out")
    func paging() throws {
        let traffic = [2, 1, 0.02].map {
            Traffic(rate: $0, deadline: 1_000, memory: 450, reload: 50)
        }
        let outcome = try run(traffic, memory: 1_000)
        let recent = try run(traffic, memory: 1_000) { $0.paging.victim = .leastRecentlyUsed }
        let restless = try run(traffic, memory: 1_000) {
            $0.paging.victim = .leastRecentlyUsed
            $0.paging.residency = 0
        }
        #expect(outcome.total.inTime == outcome.total.arrived)
        #expect(outcome.loads[0] == 0)
        #expect(outcome.models[0].total.latency(quantile: 0.99) <= 60)
        #expect(recent.models[0].total.latency(quantile: 0.99) >= 200)
        // One load of 50 ms and 200 ms of residency: at most one load in 250 ms for each of two places.
        #expect(outcome.loads.reduce(0, +) <= 2 * 10_000 / 250)
        #expect(restless.loads.reduce(0, +) >= 3 * outcome.loads.reduce(0, +))
    }
}
