internal import ControlCore
internal import SchedulerCore
internal import SchedulerTesting
internal import ServingModel
internal import Simulator
internal import Testing

@Suite("Machine: cancellations")
struct CancellationTests {
    @Test("A waiting request is taken out once")
    func waiting() throws {
        var machine = try CheckedScheduler(.byHand())
        _ = try machine.arrive(1, due: 100, at: 0)
        _ = try machine.arrive(2, due: 100, bytes: 10, at: 0)
        #expect(machine.scheduler.queuedBytes == 10)
        var effects = try machine.cancel(2, at: 1)
        #expect(effects == [.cancelled(2)])
        #expect(machine.scheduler.queuedBytes == 0)
        #expect(machine.scheduler.nextWakeup == nil)
        effects = try machine.cancel(2, at: 1)
        #expect(effects.isEmpty, "a second time")
        effects = try machine.complete(0, at: 2)
        #expect(effects.isEmpty)
        try machine.finish()
    }

    @Test("A request that runs, has ended or never came is left alone")
    func elsewhere() throws {
        var machine = try CheckedScheduler(.byHand())
        _ = try machine.arrive(1, due: 100, at: 0)
        var effects = try machine.cancel(1, at: 1)
        #expect(effects.isEmpty, "it runs")
        effects = try machine.cancel(99, at: 1)
        #expect(effects.isEmpty, "it never came")
        _ = try machine.arrive(2, due: 1, at: 1)
        effects = try machine.cancel(2, at: 1)
        #expect(effects.isEmpty, "it was rejected")
        _ = try machine.complete(0, at: 2)
        effects = try machine.cancel(1, at: 3)
        #expect(effects.isEmpty, "it is answered")
    }

    @Test("A number may be used again after its request has ended")
    func reuse() throws {
        var machine = try CheckedScheduler(.byHand())
        _ = try machine.arrive(1, due: 100, at: 0)
        _ = try machine.arrive(2, due: 100, at: 0)
        _ = try machine.cancel(2, at: 1)
        var effects = try machine.arrive(2, due: 90, at: 1)
        #expect(effects.isEmpty)
        effects = try machine.complete(0, at: 2)
        #expect(effects == [.launched(0, [2])])
    }

    @Test("The earliest deadline that remains sets the timer after a cancellation")
    func wakeup() throws {
        var machine = try CheckedScheduler(.byHand())
        _ = try machine.arrive(1, due: 100, at: 0)
        _ = try machine.arrive(2, due: 20, at: 0)
        _ = try machine.arrive(3, due: 50, at: 0)
        let early = machine.scheduler.nextWakeup
        _ = try machine.cancel(2, at: 1)
        let late = machine.scheduler.nextWakeup
        #expect(early != nil && late != nil)
        if let early, let late { #expect(early.interval(to: late) == .milliseconds(30)) }
    }

    @Test("Among thousands that come and go, every cancellation finds its own request")
    func churn() throws {
        try forEachSeed(count: 3) { seed in
            var random = seed
            var configuration = SchedulerConfiguration(
                maxBatchRows: 1, latency: LatencyModel(base: 1, perRow: 1))
            configuration.maxQueuedRequests = 100_000
            var scheduler = Scheduler(configuration)
            var actions = ActionBuffer()
            scheduler.handle(.instanceReady(InstanceID(0)), at: .origin, into: &actions)
            var waiting: [RequestID] = []
            for turn in 0..<20_000 {
                actions.removeAll()
                // Two of three come, so that the queue grows past every size in which it began.
                guard waiting.isEmpty || random.integer(in: 0...2) > 0 else {
                    let id = waiting.swapRemove(random.integer(in: 0...(waiting.count - 1)))
                    scheduler.handle(.cancelled(id), at: .origin, into: &actions)
                    #expect(actions.actions == [.cancelled(id)])
                    scheduler.handle(.cancelled(id), at: .origin, into: &actions)
                    #expect(actions.actions.count == 1, "a second time")
                    continue
                }
                let id = RequestID(UInt64(turn) &* 0x0001_0001_0001)
                scheduler.handle(
                    .arrived(
                        Arrival(id: id, priorityClass: ClassIndex(0), deadline: .distantFuture)),
                    at: .origin, into: &actions)
                if actions.members.isEmpty { waiting.append(id) }
            }
            #expect(scheduler.queuedRequests == waiting.count)
            scheduler.checkInvariants()
        }
    }
}

extension Array {
    /// Takes one element out and lets the last take its place.
    fileprivate mutating func swapRemove(_ index: Int) -> Element {
        swapAt(index, count - 1)
        return removeLast()
    }
}
