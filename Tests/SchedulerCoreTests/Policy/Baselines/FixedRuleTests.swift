internal import SchedulerCore
internal import SchedulerTesting
internal import ServingModel
internal import Testing

extension CheckedScheduler {
    /// A machine by hand (a batch of `n` takes `1 + n` ms) under a policy.
    static func under(
        _ policy: Policy, classes: [PriorityClass] = [.forTest("only", deadline: 100)],
        maxBatchRows: Int = 64
    ) throws -> CheckedScheduler {
        var configuration = SchedulerConfiguration.byHand(
            classes: classes, maxBatchRows: maxBatchRows)
        configuration.policy = policy
        return try CheckedScheduler(configuration)
    }

    /// When the machine wants to be woken, in milliseconds.
    func wakeup() -> Double? {
        scheduler.nextWakeup.map { Double($0.nanoseconds) / 1_000_000 }
    }
}

@Suite("Baselines: fixed batches, greedy batches, windows")
struct FixedRuleTests {
    @Test("greedy: whatever waits rides in order of arrival, however late it is")
    func greedy() throws {
        var machine = try CheckedScheduler.under(.greedy(GreedySettings(maxBatch: 3)))
        #expect(try machine.arrive(1, due: 1, at: 0) == [.launched(0, [1])])
        for id in 2...5 { _ = try machine.arrive(UInt64(id), due: 9 - Double(id), at: 0) }
        #expect(try machine.complete(0, at: 100) == [.launched(0, [2, 3, 4])])
        #expect(try machine.complete(0, at: 200) == [.launched(0, [5])])
    }

    @Test("static: an idle instance waits until the batch is full, and takes no more than that")
    func staticFull() throws {
        var machine = try CheckedScheduler.under(.staticBatch(StaticSettings(batch: 3)))
        #expect(try machine.arrive(1, due: 1, at: 0).isEmpty)
        #expect(try machine.arrive(2, due: nil, at: 50).isEmpty)
        #expect(try machine.arrive(3, due: nil, at: 60) == [.launched(0, [1, 2, 3])])
        for id in 4...7 { _ = try machine.arrive(UInt64(id), due: nil, at: 61) }
        #expect(try machine.complete(0, at: 70) == [.launched(0, [4, 5, 6])])
        #expect(try machine.complete(0, at: 80).isEmpty)
    }

    @Test("static: a partly filled batch leaves after the longest wait")
    func staticPartial() throws {
        var settings = StaticSettings(batch: 3)
        settings.maxWait = .milliseconds(20)
        var machine = try CheckedScheduler.under(.staticBatch(settings))
        _ = try machine.arrive(1, due: nil, at: 5)
        #expect(machine.wakeup() == 25)
        #expect(try machine.timer(at: 25) == [.launched(0, [1])])
        #expect(machine.wakeup() == nil)
    }

    @Test("static: a request larger than the batch rides alone")
    func staticLarge() throws {
        var machine = try CheckedScheduler.under(.staticBatch(StaticSettings(batch: 3)))
        _ = try machine.arrive(1, due: nil, rows: 2, at: 0)
        #expect(try machine.arrive(2, due: nil, rows: 5, at: 0) == [.launched(0, [1])])
        #expect(try machine.complete(0, at: 9) == [.launched(0, [2])])
    }

    @Test("window: a batch leaves when it is full or its oldest request has waited for the window")
    func window() throws {
        var machine = try CheckedScheduler.under(.window(WindowSettings(maxBatch: 2)))
        #expect(try machine.arrive(1, due: 10, at: 3).isEmpty)
        #expect(machine.wakeup() == 53)
        #expect(try machine.arrive(2, due: nil, at: 4) == [.launched(0, [1, 2])])
        _ = try machine.arrive(3, due: nil, at: 5)
        #expect(try machine.complete(0, at: 8).isEmpty)
        #expect(machine.wakeup() == 55)
        #expect(try machine.timer(at: 55) == [.launched(0, [3])])
    }

    @Test("window: it grows by the factor while latency is steady, and shrinks when it leaps")
    func adaptation() throws {
        var settings = WindowSettings(maxBatch: 2)
        settings.every = 2
        settings.smoothing = 0.5
        var machine = try CheckedScheduler.under(.window(settings))
        var now = 0.0
        var id: UInt64 = 0
        /// Two batches of two that take so long, then the window that a lone request would see.
        func window(after milliseconds: Double) throws -> Double {
            for _ in 0..<2 {
                for _ in 0..<2 {
                    id += 1
                    _ = try machine.arrive(id, due: nil, at: now)
                }
                now += milliseconds
                _ = try machine.complete(0, .success, at: now)
            }
            id += 1
            _ = try machine.arrive(id, due: nil, at: now)
            let window = (machine.wakeup() ?? 0) - now
            _ = try machine.cancel(id, at: now)
            return (window * 1_000).rounded() / 1_000
        }
        #expect(try window(after: 10) == 50)
        #expect(try window(after: 11) == 60)
        // The smoothed latency is 10.5 and then 11.25: 12 is within 1.2 times that, 16 is not.
        #expect(try window(after: 12) == 72)
        #expect(try window(after: 16) == 60)
        for _ in 0..<4 { _ = try window(after: 16) }
        #expect(try window(after: 16) == 100)
        for doublings in 1...14 { _ = try window(after: Double(16 << doublings)) }
        #expect(try window(after: 1_000_000) == 10)
    }

    @Test("window: classes share a full batch by weight, and what one leaves the others take")
    func weights() throws {
        let classes = ["high", "medium", "low"].map { PriorityClass.forTest($0, deadline: 100) }
        var machine = try CheckedScheduler.under(
            .window(WindowSettings(maxBatch: 9)), classes: classes)
        for id in 100..<109 { _ = try machine.arrive(UInt64(id), class: 0, due: nil, at: 0) }
        for id in 1...8 { _ = try machine.arrive(UInt64(id), class: 2, due: nil, at: 0) }
        for id in 11...18 { _ = try machine.arrive(UInt64(id), class: 1, due: nil, at: 0) }
        for id in 21...28 { _ = try machine.arrive(UInt64(id), class: 0, due: nil, at: 0) }
        #expect(
            try machine.complete(0, at: 10)
                == [.launched(0, [21, 22, 23, 24, 25, 11, 12, 13, 1])])
        // Three of the first class are left: two parts of its five go to itself and the second.
        #expect(
            try machine.complete(0, at: 20)
                == [.launched(0, [26, 27, 28, 14, 15, 16, 2, 17, 18])])
    }
}
