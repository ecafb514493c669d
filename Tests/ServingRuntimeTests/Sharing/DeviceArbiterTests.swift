import EngineAPI
import Foundation
import ServingModel
import ServingRuntime
import Testing

/// A generator and a model that batches on one device.
private struct SharedHarness {
    let generator: GeneratorHarness
    let batches: Harness
    let device: DeviceArbiter

    static func start(
        adjust: @escaping (inout GeneratorSpecification) -> Void = { _ in },
        onStep: @escaping @Sendable () -> Void = {}, onRun: @escaping @Sendable () -> Void = {}
    ) async throws -> SharedHarness {
        let clock = VirtualClock()
        let device = DeviceArbiter(name: "shared", clock: clock)
        let generator = try await GeneratorHarness.start(
            clock: clock,
            adjust: {
                $0.device = device
                adjust(&$0)
            }, onStep: onStep)
        let batches = try await Harness.start(model: ScriptedModel(onRun: onRun), clock: clock) {
            $0.device = device
        }
        return SharedHarness(generator: generator, batches: batches, device: device)
    }

    /// Whether every batch that has ended was answered rightly.
    var areAllRight: Bool { batches.sink.endings.allSatisfy { $0.isRight } }

    func stop() async {
        await generator.served.stop()
        await batches.served.stop()
    }
}

/// Counts who computes at the same time.
private final class Occupancy: Sendable {
    private let present = Scoreboard((now: 0, most: 0, total: 0))

    var most: Int { present.value.most }
    var total: Int { present.value.total }

    /// Computes for a while that tempts others to come in.
    func compute() {
        present.update {
            $0.now += 1
            $0.total += 1
            $0.most = max($0.most, $0.now)
        }
        sched_yield()
        present.update { $0.now -= 1 }
    }
}

@Suite("Steps and batches on one live device", .timeLimit(.minutes(5)))
struct DeviceArbiterTests {
    @Test("A batch waits for the step that runs, and runs in the same moment in which it ends")
    func batchWaits() async throws {
        let shared = try await SharedHarness.start()
        let text = try await shared.generator.occupy("busy", tokens: 8)
        shared.batches.submit(Order(tag: 1, payloads: [1, 2]))
        // Handing in decides: nothing that comes later could start the batch beside the step.
        #expect(shared.batches.model.stage.value.runs.isEmpty)
        #expect(shared.batches.served.load.queuedRequests == 1)
        shared.generator.model.open()
        await shared.batches.sink.hasEnded(1)
        #expect(shared.areAllRight)
        let expected = try shared.generator.model.expected(
            try shared.generator.prompt("busy"), count: 8)
        #expect(await text.collect()?.text == expected)
        await shared.stop()
    }

    @Test("A step waits for the batch that runs")
    func stepWaits() async throws {
        let shared = try await SharedHarness.start()
        await shared.batches.occupy(tag: 1)
        let text = try shared.generator.submit("waiting", tokens: 4)
        #expect(shared.generator.model.stage.value.steps == 0)
        shared.batches.model.open()
        let expected = try shared.generator.model.expected(
            try shared.generator.prompt("waiting"), count: 4)
        #expect(await text.collect()?.text == expected)
        await shared.batches.sink.hasEnded(1)
        await shared.stop()
    }

    @Test("Between two steps of an answer runs a batch that cannot wait for its end")
    func between() async throws {
        let shared = try await SharedHarness.start()
        let text = try await shared.generator.occupy("busy", tokens: 200)
        var order = Order(tag: 1, payloads: [1])
        order.deadline = shared.batches.clock.present + .milliseconds(5)
        shared.batches.submit(order)
        shared.generator.model.open()
        await shared.batches.sink.hasEnded(1)
        #expect(shared.areAllRight)
        #expect(await text.collect()?.end?.reason == .length)
        await shared.stop()
    }

    @Test("A client that gives up while its model waits for the device leaves nothing behind")
    func cancellation() async throws {
        let shared = try await SharedHarness.start()
        let text = try await shared.generator.occupy("busy", tokens: 4)
        let request = shared.batches.submit(Order(tag: 1, payloads: [1]))
        shared.batches.served.cancel(request)
        await shared.batches.sink.hasEnded(1)
        #expect(shared.batches.sink.endings.first?.error?.code == .cancelled)
        shared.generator.model.open()
        #expect(await text.collect()?.end?.reason == .length)
        #expect(shared.batches.model.stage.value.runs.isEmpty)
        await shared.stop()
    }

    @Test("While a generator makes its session anew, the device serves the others")
    func lostSession() async throws {
        let shared = try await SharedHarness.start { $0.slots = 1 }
        let first = try await shared.generator.occupy("first", tokens: 8)
        let second = try shared.generator.submit("second", tokens: 8)
        let third = try shared.generator.submit("third", tokens: 8)
        shared.batches.submit(Order(tag: 1, payloads: [1]))
        shared.generator.model.stage.update {
            $0.failures = [EngineError(.failed, "one"), EngineError(.failed, "two")]
        }
        shared.generator.model.open()
        await shared.batches.sink.hasEnded(1)
        #expect(shared.areAllRight)
        _ = await first.collect()
        _ = await second.collect()
        #expect(await third.collect()?.end?.reason == .length)
        #expect(shared.generator.model.stage.value.sessions == 2)
        await shared.stop()
    }

    @Test("A model that ends leaves the device to the others")
    func stop() async throws {
        let shared = try await SharedHarness.start()
        await shared.batches.served.stop()
        let text = try shared.generator.submit("alone", tokens: 4)
        #expect(await text.collect()?.end?.reason == .length)
        await shared.generator.served.stop()
    }

    @Test("Under random traffic nobody computes beside another, and every answer is right")
    func swarm() async throws {
        let occupancy = Occupancy()
        let shared = try await SharedHarness.start(
            onStep: { occupancy.compute() }, onRun: { occupancy.compute() })
        let texts = Scoreboard<[(text: String, stream: GenerationStream)]>([])
        let given = Scoreboard(0)
        await onThreads(4) { thread in
            for round in 0..<40 {
                if (thread + round) % 2 == 0 {
                    shared.batches.submit(
                        Order(tag: thread * 1_000 + round, payloads: [Int32(round)]))
                    given.update { $0 += 1 }
                } else if let stream = try? shared.generator.submit("\(thread) \(round)", tokens: 6)
                {
                    texts.update { $0.append(("\(thread) \(round)", stream)) }
                }
            }
        }
        for (text, stream) in texts.value {
            let expected = try shared.generator.model.expected(
                try shared.generator.prompt(text), count: 6)
            #expect(await stream.collect()?.text == expected)
        }
        await shared.batches.sink.hasEnded(given.value)
        #expect(texts.value.count == 80 && given.value == 80)
        #expect(shared.areAllRight)
        #expect(occupancy.most == 1)
        #expect(occupancy.total > 20)
        await shared.stop()
    }
}
