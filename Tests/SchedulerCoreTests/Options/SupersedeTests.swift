internal import SchedulerCore
internal import SchedulerTesting
internal import ServingModel
internal import Testing

@Suite("Options: latest wins, a lesser class when full")
struct SupersedeTests {
    @Test("A newer request of the same key ends the waiting one, not a running one")
    func latest() throws {
        var machine = try CheckedScheduler(.byHand())
        _ = try machine.arrive(1, due: 100, supersedes: 5, at: 0)
        var effects = try machine.arrive(2, due: 100, supersedes: 5, at: 0.5)
        #expect(effects.isEmpty, "1 runs")
        effects = try machine.arrive(3, due: 100, supersedes: 6, at: 0.6)
        #expect(effects.isEmpty, "another key")
        effects = try machine.arrive(4, due: 100, tenant: 1, supersedes: 5, at: 0.7)
        #expect(effects.isEmpty, "another tenant")
        effects = try machine.arrive(5, due: 100, supersedes: 5, at: 1)
        #expect(effects == [.rejected(2, .superseded)])
        effects = try machine.complete(0, at: 3)
        #expect(effects == [.launched(0, [3, 4, 5])])
    }

    @Test("It ends the waiting one even when it cannot be in time itself")
    func latestInVain() throws {
        var machine = try CheckedScheduler(.byHand())
        _ = try machine.arrive(1, due: 100, at: 0)
        _ = try machine.arrive(2, due: 100, supersedes: 5, at: 0.5)
        let effects = try machine.arrive(3, due: 1, supersedes: 5, at: 0.6)
        #expect(effects == [.rejected(2, .superseded), .rejected(3, .deadlineUnreachable)])
    }

    @Test("Keys of requests that are gone are forgotten, and an id that is used again is safe")
    func forgotten() throws {
        var machine = try CheckedScheduler(.byHand())
        _ = try machine.arrive(1, due: 10_000, at: 0)
        for id in 2...400 as ClosedRange<UInt64> {
            _ = try machine.arrive(id, due: 10_000, supersedes: id, at: 0.5)
            _ = try machine.cancel(id, at: 0.5)
        }
        _ = try machine.arrive(401, due: 10_000, supersedes: 1_000, at: 1)
        _ = try machine.cancel(401, at: 1)
        _ = try machine.arrive(402, due: 10_000, at: 1)
        let effects = try machine.arrive(403, due: 10_000, supersedes: 1_000, at: 1)
        #expect(effects.isEmpty)
    }

    @Test("A medium request waits as a low one when its class has used up its part of the queue")
    func degrades() throws {
        var configuration = SchedulerConfiguration.byHand(
            classes: [
                .forTest("high", weight: 4, deadline: 1_000),
                .forTest("medium", weight: 2, deadline: 1_000),
                .forTest("low", weight: 1, deadline: 1_000),
            ], maxBatchRows: 1)
        configuration.maxQueuedRequests = 6
        configuration.degradesWhenFull = true
        var machine = try CheckedScheduler(configuration)
        _ = try machine.arrive(1, class: 1, due: 1_000, at: 0)
        for id in 2...5 as ClosedRange<UInt64> {
            _ = try machine.arrive(id, class: 1, due: 900, at: 0.5)
        }
        #expect(machine.scheduler.queuedRequests(of: ClassIndex(1)) == 2)
        #expect(machine.scheduler.queuedRequests(of: ClassIndex(2)) == 2)
        _ = try machine.arrive(6, class: 1, due: 950, at: 0.5)
        #expect(machine.scheduler.queuedRequests(of: ClassIndex(1)) == 3, "low is full too")
        _ = try machine.arrive(7, class: 0, due: 950, at: 0.5)
        let effects = try machine.arrive(8, class: 0, due: 950, at: 0.5)
        #expect(effects == [.rejected(5, .displaced)], "what was degraded goes first")
    }

    @Test("A modality's own table says which class its requests wait in")
    func modality() throws {
        var configuration = SchedulerConfiguration.byHand(
            classes: [
                .forTest("chat", deadline: 1_000), .forTest("video", deadline: 1_000),
                .forTest("batch", deadline: 1_000),
            ], maxBatchRows: 1)
        configuration.modalities = [
            Modality("text"), Modality("image", classes: [ClassIndex(1), ClassIndex(2)]),
        ]
        var machine = try CheckedScheduler(configuration)
        _ = try machine.arrive(1, due: 1_000, at: 0)
        _ = try machine.arrive(2, class: 0, due: 1_000, modality: 1, at: 0.5)
        _ = try machine.arrive(3, class: 7, due: 1_000, modality: 1, at: 0.5)
        let waiting = (0..<3).map { machine.scheduler.queuedRequests(of: ClassIndex($0)) }
        #expect(waiting == [0, 1, 1])
    }
}
