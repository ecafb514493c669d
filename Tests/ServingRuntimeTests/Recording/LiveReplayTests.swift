import ControlCore
import EngineAPI
import EngineSynthetic
import SchedulerCore
import ServingModel
import ServingRuntime
import Testing
import TraceFormat

/// What was recorded of a live server replays in the bare core to the same actions, byte for byte.
@Suite("A recorded live run", .serialized, .timeLimit(.minutes(5)))
struct LiveReplayTests {
    @Test("Real time, real threads and a synthetic engine: the replay gives the same bytes")
    func syntheticEngine() async throws {
        let log = TraceLog()
        let recorder = log.recorder()
        let served = try await Self.serve(recorder)
        let tallies = Scoreboard<[Int]>([])
        await onThreads(3) { thread in
            let sink = RecordingSink()
            let submitted = Self.submit(thread, to: served, sink)
            tallies.update { $0.append(submitted) }
        }
        await served.stop()
        await recorder.finish()

        let result = try log.replay()
        #expect(result.isEqual && !result.isCut, "\(result.verdicts)")
        #expect(log.problems.isEmpty)
        let events = try log.events()
        let arrivals = events.count { if case .arrived = $0 { true } else { false } }
        let completions = events.count { if case .completed = $0 { true } else { false } }
        #expect(arrivals == tallies.value.reduce(0, +))
        #expect(completions > 20)
        #expect(events.contains(.draining))
        #expect(result.verdicts.map(\.steps) == [events.count])
        guard case .scheduler(let header) = try log.items().first else {
            Issue.record("no header")
            return
        }
        // The replay starts from what the warm-up measured, not from a default.
        #expect(header.model == "synthetic" && header.version == 7)
        #expect(header.configuration.latency.observations > 0)
        #expect(header.configuration.instances == 2)
    }

    private static func serve(_ recorder: TraceRecorder) async throws -> ServedModel {
        let source = ModelSource(
            name: "synthetic", path: "", maxBatchSize: 16,
            declared: ModelSignature(
                inputs: [TensorSpec(name: "x", dataType: .int32, shape: [-1, 2])],
                outputs: [
                    TensorSpec(name: "y", dataType: .int32, shape: [-1, 3]),
                    TensorSpec(name: "s", dataType: .bytes, shape: [-1, 1]),
                ]),
            parameters: ["base_us": "300", "per_row_us": "20", "fail_every": "19"])
        var specification = ServingSpecification(
            interface: ModelInterface(
                name: "synthetic", version: 7, engine: "synthetic", maxBatchSize: 16,
                inputs: [TensorInterface(name: "x", dataType: .int32, dims: [2])],
                outputs: [
                    TensorInterface(name: "y", dataType: .int32, dims: [3]),
                    TensorInterface(name: "s", dataType: .bytes, dims: [1]),
                ]), instances: 2)
        specification.maxQueuedRequests = 40
        specification.recorder = recorder
        return try await ServedModel.start(
            specification, model: SyntheticEngine().load(source), timer: ThreadTimer())
    }

    /// Requests of all classes, some with deadlines that cannot be kept, some cancelled, some asked about
    /// before they are handed in; answers how many were handed in.
    private static func submit(
        _ thread: Int, to served: ServedModel, _ sink: RecordingSink
    ) -> Int {
        var random = SeededGenerator(seed: thread)
        let clock = MonotonicClock()
        var submitted = 0
        for round in 0..<150 {
            var group: [InferenceRequest] = []
            for _ in 0..<Int.random(in: 1...4, using: &random) {
                var order = Order(
                    tag: thread * 10_000 + submitted,
                    payloads: Array(repeating: 1, count: Int.random(in: 1...3, using: &random)),
                    priorityClass: Int.random(in: 0...2, using: &random))
                if random.chance(percent: 70) {
                    order.deadline =
                        clock.now() + .microseconds(UInt64.random(in: 200...20_000, using: &random))
                }
                let priorityClass = ClassIndex(order.priorityClass)
                if served.turnsAway(priorityClass, deadline: order.deadline) { continue }
                group.append(order.request(to: sink))
                submitted += 1
            }
            guard !group.isEmpty else { continue }
            served.submit(group)
            if round % 7 == 0, let victim = group.first { served.cancel(victim) }
            // The traffic comes in waves: a round waits for the answers of the earlier ones now and then.
            guard round % 5 == 4 else { continue }
            let expected = submitted
            sink.calls.wait(until: { $0.reduce(0) { $0 + $1.count } >= expected }, then: { _ in })
        }
        return submitted
    }

    @Test("Schedules that no clock would give replay, too", arguments: 0..<40)
    func swarm(seed: Int) async throws {
        let log = TraceLog()
        let clock = TickingClock()
        let recorder = log.recorder(clock: clock)
        let timer = ManualTimer()
        var random = SeededGenerator(seed: seed)
        let limit = [4, 16, 16_384].randomElement(using: &random) ?? 4
        let served = try await Harness.serve(
            ScriptedModel(), clock: clock, timer: timer, instances: 1 + seed % 3, maxBatchSize: 16
        ) {
            $0.maxQueuedRequests = limit
            $0.recorder = recorder
            // Half of the schedules have breakers that think a batch hangs after a few readings.
            guard seed % 2 == 0 else { return }
            var breaker = BreakerSettings()
            breaker.leastStall = .microseconds(200)
            breaker.leastUnfamiliarStall = .microseconds(200)
            breaker.stallFactor = 0
            breaker.firstPause = .microseconds(100)
            $0.breaker = breaker
        }
        let sink = RecordingSink()
        await onThreads(3) { thread in
            var random = SeededGenerator(seed: 100 * seed + thread)
            for number in 0..<25 {
                var order = Order(
                    tag: thread * 1_000 + number, payloads: [1, 2],
                    priorityClass: Int.random(in: 0...1, using: &random))
                if random.chance(percent: 60) {
                    order.deadline =
                        clock.now() + .microseconds(UInt64.random(in: 500...9_000, using: &random))
                }
                let request = order.request(to: sink)
                served.submit([request])
                if random.chance(percent: 20) { served.cancel(request) }
                if random.chance(percent: 20) { timer.fire(at: clock.now()) }
            }
        }
        await served.stop()
        await recorder.finish()
        let result = try log.replay()
        #expect(result.isEqual && !result.isCut, "seed \(seed): \(result.verdicts)")
        #expect(result.verdicts.first?.steps ?? 0 > 75, "seed \(seed)")
    }
}
