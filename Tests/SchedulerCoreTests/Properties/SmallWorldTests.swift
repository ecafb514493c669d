internal import SchedulerCore
internal import SchedulerTesting
internal import ServingModel
internal import Testing
internal import TraceFormat

/// All interleavings of up to three requests of two classes with cancels, completions, timers and
/// instances that come and go. What a random search would have to be lucky to find is found here.
@Suite("Every small world", .tags(.property))
struct SmallWorldTests {
    static let classes = [
        PriorityClass.forTest("high", weight: 2, deadline: 4),
        .forTest("low", weight: 1, floorShare: 0.5, deadline: 8),
    ]

    /// What is left to happen in one path.
    private struct Budget {
        var requests = 3
        var cancels = 1
        var losses: Int
        var steps: Int
    }

    private enum Move {
        case arrive
        case cancel(UInt64)
        case complete(Int)
        case timer
        case lose
        case restore
    }

    @Test(
        "No action is illegal and the oracle agrees, whatever the order of events",
        arguments: [(1, 0, 5, 16), (1, 1, 4, 16), (2, 0, 4, 1), (2, 1, 4, 16)])
    func everyOrder(instances: Int, losses: Int, steps: Int, queue: Int) throws {
        var configuration = SchedulerConfiguration.byHand(
            classes: Self.classes, instances: instances, maxBatchRows: 2)
        configuration.maxQueuedRequests = queue
        var choices = ChoiceGenerator()
        while choices.advance() {
            try walk(&choices, configuration, Budget(losses: losses, steps: steps))
        }
        #expect(choices.paths > 500, "\(choices.paths) paths")
    }

    private func walk(
        _ choices: inout ChoiceGenerator, _ configuration: SchedulerConfiguration, _ limit: Budget
    ) throws {
        var budget = limit
        var machine = try CheckedScheduler(configuration)
        var world = Ground(instances: configuration.instances)
        while budget.steps > 0 {
            budget.steps -= 1
            let moves = moves(world, budget)
            guard !moves.isEmpty else { break }
            world.now += 1.25
            switch moves[choices.choose(moves.count)] {
            case .arrive:
                budget.requests -= 1
                world.arrived += 1
                let due = [2.25, 6, 100][choices.choose(3)]
                world.note(
                    try machine.arrive(
                        world.arrived, class: choices.choose(2), due: world.now + due,
                        at: world.now))
            case .cancel(let id):
                budget.cancels -= 1
                world.note(try machine.cancel(id, at: world.now))
            case .complete(let instance):
                world.busy.remove(instance)
                world.note(try machine.complete(instance, at: world.now))
            case .timer: world.note(try machine.timer(at: world.now))
            case .lose:
                budget.losses -= 1
                world.isLost = true
                world.note(try machine.lose(0, at: world.now))
            case .restore:
                world.isLost = false
                world.note(try machine.ready(0, at: world.now))
            }
        }
        try drain(&machine, &world)
        try compareWithOracle(machine.trace, configuration)
    }

    /// What the path knows of the server.
    private struct Ground {
        var now = 0.0
        var arrived: UInt64 = 0
        var busy: Set<Int> = []
        var isLost = false
        let instances: Int

        init(instances: Int) { self.instances = instances }

        mutating func note(_ effects: [Effect]) {
            for case .launched(let instance, _) in effects { busy.insert(instance) }
        }
    }

    private func moves(_ world: Ground, _ budget: Budget) -> [Move] {
        var moves: [Move] = []
        if budget.requests > 0 { moves.append(.arrive) }
        if budget.cancels > 0 {
            for id in 1...3 where id <= world.arrived { moves.append(.cancel(UInt64(id))) }
        }
        for instance in 0..<world.instances where world.busy.contains(instance) {
            moves.append(.complete(instance))
        }
        if world.arrived > 0 { moves.append(.timer) }
        if world.isLost {
            moves.append(.restore)
        } else if budget.losses > 0 {
            moves.append(.lose)
        }
        return moves
    }

    /// Lets everything end, and proves that it did.
    private func drain(_ machine: inout CheckedScheduler, _ world: inout Ground) throws {
        for _ in 0..<20 {
            world.now += 1.25
            if let instance = world.busy.min() {
                world.busy.remove(instance)
                world.note(try machine.complete(instance, at: world.now))
            } else {
                world.note(try machine.timer(at: world.now))
            }
        }
        try machine.finish()
    }
}
