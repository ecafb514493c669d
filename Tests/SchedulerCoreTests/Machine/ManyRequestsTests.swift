internal import ControlCore
internal import SchedulerCore
internal import SchedulerTesting
internal import ServingModel
internal import Simulator
internal import Testing

/// With many waiting the machine reads ahead and its index of ids has grown; neither may show.
@Suite("Machine: many requests")
struct ManyRequestsTests {
    @Test("Ten thousand waiting requests leave in deadline order, each once, however their ids lie")
    func order() throws {
        try forEachSeed(count: 3) { seeded in
            var random = seeded
            var configuration = SchedulerConfiguration(
                classes: [.forTest("only", deadline: 1_000_000)], maxBatchRows: 700,
                latency: LatencyModel(base: 1, perRow: 0.001))
            configuration.maxQueuedRequests = 20_000
            var scheduler = Scheduler(configuration)
            var buffer = ActionBuffer()
            scheduler.handle(.instanceReady(InstanceID(0)), at: .origin, into: &buffer)
            var waiting: [RequestID: Instant] = [:]
            let spread = random.pick(1, 4_096, 1 << 32, 0x9E37_79B9_7F4A_7C15) as UInt64
            for number in 0...10_000 as ClosedRange<UInt64> {
                let id = RequestID(number &* spread)
                let due = Instant.origin + .milliseconds(900_000 + random.next() % 90_000)
                waiting[id] = due
                scheduler.handle(
                    .arrived(Arrival(id: id, priorityClass: ClassIndex(0), deadline: due)),
                    at: .origin, into: &buffer)
            }
            for number in stride(from: 7, to: 10_000, by: 11) as StrideTo<UInt64> {
                let id = RequestID(number &* spread)
                scheduler.handle(.cancelled(id), at: .origin, into: &buffer)
                waiting[id] = nil
            }
            waiting[RequestID(0)] = nil
            scheduler.checkInvariants()
            var now = Instant.origin
            var last = Instant.origin
            while !waiting.isEmpty {
                now = now + .milliseconds(5)
                buffer.removeAll()
                scheduler.handle(.completed(InstanceID(0), .failure), at: now, into: &buffer)
                try require(!buffer.members.isEmpty, "\(waiting.count) wait")
                for id in buffer.members {
                    let due = waiting.removeValue(forKey: id) ?? .origin
                    try require(due >= last, "\(id) is due before one that left earlier")
                    last = due
                }
            }
            scheduler.checkInvariants()
            try require(scheduler.queuedRequests == 0, "\(scheduler.queuedRequests) left")
        }
    }
}
