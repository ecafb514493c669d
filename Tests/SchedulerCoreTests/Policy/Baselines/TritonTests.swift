internal import SchedulerCore
internal import SchedulerTesting
internal import ServingModel
internal import Testing

@Suite("Baselines: Triton's dynamic batcher")
struct TritonTests {
    /// A busy machine with this many requests waiting since time 0, ids from 1.
    static func waiting(
        _ count: Int, _ settings: TritonSettings, maxBatchRows: Int = 64
    ) throws -> CheckedScheduler {
        var machine = try CheckedScheduler.under(.triton(settings), maxBatchRows: maxBatchRows)
        // Without a delay, or with a full preferred batch, the first request leaves at once.
        for id in 0..<100 where try machine.arrive(100 + UInt64(id), due: nil, at: 0) != [] {
            for id in 1..<(count + 1) { _ = try machine.arrive(UInt64(id), due: nil, at: 0) }
            return machine
        }
        preconditionFailure("the instance never became busy")
    }

    @Test("The largest preferred size that is reached runs, not all that waits")
    func preferred() throws {
        var machine = try Self.waiting(7, TritonSettings(preferred: [2, 4, 8]))
        #expect(try machine.complete(0, at: 1) == [.launched(0, [1, 2, 3, 4])])
        #expect(try machine.complete(0, at: 2) == [.launched(0, [5, 6])])
        #expect(try machine.complete(0, at: 3) == [.launched(0, [7])])
    }

    @Test("A batch waits for a preferred size, at most for the delay of its oldest request")
    func delay() throws {
        let settings = TritonSettings(preferred: [3], delay: .milliseconds(5))
        var machine = try CheckedScheduler.under(.triton(settings))
        #expect(try machine.arrive(1, due: nil, at: 0).isEmpty)
        #expect(machine.wakeup() == 5)
        #expect(try machine.arrive(2, due: nil, at: 4).isEmpty)
        #expect(try machine.timer(at: 5) == [.launched(0, [1, 2])])
        _ = try machine.arrive(3, due: nil, at: 5)
        _ = try machine.arrive(4, due: nil, at: 6)
        #expect(try machine.complete(0, at: 6).isEmpty)
        #expect(try machine.arrive(5, due: nil, at: 6) == [.launched(0, [3, 4, 5])])
    }

    @Test("Once the delay is exceeded all that waits runs, up to the largest batch")
    func exceeded() throws {
        let settings = TritonSettings(preferred: [3], delay: .milliseconds(5), maxBatch: 5)
        var machine = try Self.waiting(7, settings)
        #expect(try machine.complete(0, at: 9) == [.launched(0, [1, 2, 3, 4, 5])])
    }

    @Test("When no preferred size is hit exactly, what fits below the largest one runs")
    func inexact() throws {
        let settings = TritonSettings(preferred: [4], delay: .milliseconds(50))
        var machine = try CheckedScheduler.under(.triton(settings))
        _ = try machine.arrive(1, due: nil, rows: 3, at: 0)
        #expect(try machine.arrive(2, due: nil, rows: 3, at: 0) == [.launched(0, [1])])
    }

    @Test("Without preferred sizes the largest batch is the preferred one")
    func none() throws {
        var machine = try Self.waiting(5, TritonSettings(), maxBatchRows: 3)
        #expect(try machine.complete(0, at: 1) == [.launched(0, [1, 2, 3])])
        #expect(try machine.complete(0, at: 2) == [.launched(0, [4, 5])])
    }

    @Test("Levels are served in strict order; without priorities only the arrival counts")
    func priorities() throws {
        let classes = ["high", "low"].map { PriorityClass.forTest($0, deadline: 100) }
        var settings = TritonSettings(preferred: [2])
        for isLevelled in [true, false] {
            settings.priorities = isLevelled
            var machine = try CheckedScheduler.under(.triton(settings), classes: classes)
            _ = try machine.arrive(9, due: nil, at: 0)
            for id in 1...3 {
                _ = try machine.arrive(UInt64(id), class: id == 3 ? 0 : 1, due: nil, at: 0)
            }
            let effects = try machine.complete(0, at: 5)
            #expect(effects == [.launched(0, isLevelled ? [3, 1] : [1, 2])])
            // Late binding: what comes while the batch runs is still sorted in.
            _ = try machine.arrive(4, class: 0, due: nil, at: 6)
            #expect(
                try machine.complete(0, at: 7) == [.launched(0, isLevelled ? [4, 2] : [3, 4])])
        }
    }

    @Test("A timeout is noticed when a batch is formed, and ignores the time to compute")
    func timeout() throws {
        let settings = TritonSettings(preferred: [2], timeouts: [.milliseconds(10)])
        var machine = try Self.waiting(2, settings)
        _ = try machine.arrive(3, due: 12, at: 8)
        #expect(try machine.timer(at: 11).isEmpty)
        // The third is bound to be late, and rides all the same.
        #expect(
            try machine.complete(0, at: 11)
                == [
                    .rejected(1, .deadlineMissed), .rejected(2, .deadlineMissed), .launched(0, [3]),
                ])
    }

    @Test("A delayed request rides behind the others of its level and does not time out again")
    func delayed() throws {
        var settings = TritonSettings(preferred: [2], timeouts: [.milliseconds(10)])
        settings.timeoutAction = .delay
        var machine = try Self.waiting(1, settings)
        for id in 2...4 { _ = try machine.arrive(UInt64(id), due: nil, at: 8) }
        #expect(try machine.complete(0, at: 11) == [.launched(0, [2, 3])])
        #expect(try machine.complete(0, at: 12) == [.launched(0, [4, 1])])
    }

    @Test("A full level rejects newcomers; another level still has room")
    func full() throws {
        let classes = ["high", "low"].map { PriorityClass.forTest($0, deadline: 100) }
        var settings = TritonSettings(preferred: [8])
        settings.maxQueue = 1
        var machine = try CheckedScheduler.under(.triton(settings), classes: classes)
        _ = try machine.arrive(1, due: nil, at: 0)
        #expect(try machine.arrive(2, class: 1, due: nil, at: 1).isEmpty)
        #expect(
            try machine.arrive(3, class: 1, due: nil, at: 1) == [.rejected(3, .queueFull)])
        #expect(try machine.arrive(4, class: 0, due: nil, at: 1).isEmpty)
    }
}
