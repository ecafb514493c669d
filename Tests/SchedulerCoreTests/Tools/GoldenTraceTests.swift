internal import SchedulerCore
internal import SchedulerTesting
internal import ServingModel
internal import Simulator
internal import Testing
internal import TraceFormat

/// Answers recorded once. A change here is a change of the machine's decisions: look at it, then copy
/// the new text or hash from the failure message.
///
/// Because the expectations are constants, every run compares two processes: a leak of per-process
/// hashing into a decision shows as a difference.
@Suite("Golden traces")
struct GoldenTraceTests {
    @Test("A short life of a server reads as recorded")
    func text() throws {
        let classes = [
            PriorityClass.forTest("high", weight: 2, deadline: 20),
            .forTest("low", weight: 1, floorShare: 0.2, deadline: 100),
        ]
        var machine = try CheckedScheduler(.byHand(classes: classes, maxBatchRows: 8))
        _ = try machine.arrive(1, due: 20, at: 1)
        _ = try machine.arrive(2, class: 1, due: 100, rows: 2, bytes: 10, at: 1.5)
        _ = try machine.arrive(3, due: 15, isFollowed: true, at: 2)
        _ = try machine.arrive(4, due: 3, at: 2)
        _ = try machine.arrive(5, due: nil, shape: 7, at: 2.5)
        _ = try machine.complete(0, .success, at: 3)
        _ = try machine.cancel(5, at: 4)
        _ = try machine.arrive(6, class: 1, due: 12, at: 5)
        _ = try machine.timer(at: 11)
        _ = try machine.drain(at: 12)
        _ = try machine.complete(0, .failure, at: 13)
        _ = try machine.lose(0, at: 14)
        #expect(machine.trace.canonicalText == Self.recorded)
    }

    @Test("Forty random worlds hash as recorded")
    func hash() throws {
        var hash = StableHash()
        for seed in 1...40 {
            let world = Swarm(Seeded(UInt64(seed))).world(requests: 60)
            hash.combine(try world.run(checks: .none).trace.hash.value)
        }
        #expect(hash.hexadecimal == Self.recordedHash)
    }
}
