internal import ControlCore
internal import SchedulerCore
internal import SchedulerTesting
internal import ServingModel
internal import Testing

/// Misuse by a shell traps with a message: going on would corrupt the books.
@Suite("Machine: misuse")
struct ProgrammerErrorTests {
    @Test("Two waiting requests of one number trap")
    func duplicate() async {
        await #expect(processExitsWith: .failure) {
            var machine = try CheckedScheduler(.byHand())
            for _ in 0..<3 { _ = try machine.arrive(1, due: nil, at: 0) }
        }
    }

    @Test("A completion from an instance that runs nothing traps")
    func idleCompletion() async {
        await #expect(processExitsWith: .failure) {
            var scheduler = Scheduler(.byHand())
            var actions = ActionBuffer()
            scheduler.handle(.instanceReady(InstanceID(0)), at: .origin, into: &actions)
            scheduler.handle(.completed(InstanceID(0), .success), at: .origin, into: &actions)
        }
    }

    @Test("A request without rows traps")
    func noRows() async {
        await #expect(processExitsWith: .failure) {
            var machine = try CheckedScheduler(.byHand())
            _ = try machine.arrive(1, due: nil, rows: 0, at: 0)
        }
    }

    @Test("A configuration without classes traps")
    func noClasses() async {
        await #expect(processExitsWith: .failure) {
            let scheduler = Scheduler(.byHand(classes: []))
            scheduler.checkInvariants()
        }
    }

    @Test("A configuration says what is wrong with it before anybody builds a scheduler with it")
    func problems() {
        #expect(SchedulerConfiguration.byHand().problem == nil)
        var configuration = SchedulerConfiguration.byHand(classes: [])
        #expect(
            configuration.problem?.description == "a scheduler needs at least one priority class")
        configuration = .byHand()
        configuration.rateTimeConstant = .zero
        #expect(configuration.problem?.description == "rates need a positive time constant")
        var window = WindowSettings()
        window.every = 0
        configuration = .byHand()
        configuration.policy = .window(window)
        #expect(
            configuration.problem?.description
                == "window: re-evaluated after at least one batch, not 0")
    }
}
