import ServingModel
import ServingRuntime
import Testing

@Suite("Batches of a served model", .timeLimit(.minutes(5)))
struct BatchingTests {
    @Test("A lone request runs at once and is answered with its own rows")
    func lone() async throws {
        let harness = try await Harness.start()
        harness.submit(Order(tag: 1, payloads: [7, 8]))
        await harness.sink.hasEnded(1)
        let ending = try #require(harness.sink.ending(of: 1))
        #expect(ending.isRight)
        #expect(ending.batchRows == 2)
        #expect(ending.batchRequests == 1)
        #expect(ending.queued == .zero)
        await harness.served.stop()
    }

    @Test("Requests handed in together ride together")
    func together() async throws {
        let harness = try await Harness.start()
        harness.submit(together: (1...5).map { Order(tag: $0, payloads: [Int32($0)]) })
        await harness.sink.hasEnded(5)
        #expect(harness.model.stage.value.runs.map(\.tags) == [[1, 2, 3, 4, 5]])
        #expect(harness.sink.calls.value.count == 1)
        #expect(harness.sink.endings.allSatisfy { $0.isRight && $0.batchRequests == 5 })
        await harness.served.stop()
    }

    @Test("Requests that come while the instance is busy ride the next batch")
    func next() async throws {
        let harness = try await Harness.start()
        await harness.occupy()
        for tag in 1...3 { harness.submit(Order(tag: tag, payloads: [Int32(tag)])) }
        #expect(harness.served.load.queuedRequests == 3)
        #expect(harness.served.load.inFlight == 4)
        harness.clock.advance(by: .milliseconds(2))
        harness.model.open()
        await harness.sink.hasEnded(4)
        #expect(harness.model.stage.value.runs.map(\.tags) == [[0], [1, 2, 3]])
        #expect(harness.sink.ending(of: 2)?.queued == .milliseconds(2))
        #expect(harness.served.load.inFlight == 0)
        await harness.served.stop()
    }

    @Test("Instances run side by side")
    func sideBySide() async throws {
        let harness = try await Harness.start(instances: 3)
        harness.model.close()
        for tag in 0..<3 {
            harness.submit(Order(tag: tag, payloads: [1]))
            await harness.model.hasBegun(tag + 1)
        }
        #expect(Set(harness.model.stage.value.runs.map(\.instance)) == [0, 1, 2])
        harness.model.letThrough(1)
        await harness.sink.hasEnded(1)
        harness.model.open()
        await harness.sink.hasEnded(3)
        #expect(harness.sink.endings.allSatisfy { $0.isRight })
        await harness.served.stop()
    }

    @Test("Each sink is called once for each batch, with its own requests in their order")
    func sinks() async throws {
        let harness = try await Harness.start()
        let sinks = [RecordingSink(), RecordingSink(), RecordingSink()]
        let orders = (0..<9).map { Order(tag: $0, payloads: [Int32($0)]) }
        harness.served.submit(orders.map { $0.request(to: sinks[$0.tag % 3]) })
        for sink in sinks { await sink.hasEnded(3) }
        for (index, sink) in sinks.enumerated() {
            let calls = sink.calls.value.map { $0.map(\.order.tag) }
            #expect(calls == [[index, index + 3, index + 6]])
        }
        await harness.served.stop()
    }

    @Test("A batch never holds more rows than the model takes, unless one request does alone")
    func limit() async throws {
        let harness = try await Harness.start(maxBatchSize: 4)
        await harness.occupy()
        let sizes = [3, 2, 2, 6, 1]
        for (index, size) in sizes.enumerated() {
            harness.submit(Order(tag: index + 1, payloads: Array(repeating: 1, count: size)))
        }
        harness.model.open()
        await harness.sink.hasEnded(6)
        let runs = harness.model.stage.value.runs
        for run in runs { #expect(run.rows <= 4 || run.tags.count == 1) }
        #expect(runs.reduce(0) { $0 + $1.rows } == 1 + sizes.reduce(0, +))
        #expect(harness.sink.endings.allSatisfy { $0.isRight })
        await harness.served.stop()
    }

    @Test("Different shapes never share a batch", arguments: 0..<20)
    func shapes(seed: Int) async throws {
        var random = SeededGenerator(seed: seed)
        let harness = try await Harness.start(isOpen: true)
        harness.model.close()
        harness.submit(Order(tag: 0, payloads: [1], length: 2), isOpen: true)
        await harness.model.hasBegun(1)
        for tag in 1...30 {
            let rows = Int.random(in: 1...3, using: &random)
            let order = Order(
                tag: tag, payloads: (0..<rows).map { _ in .random(in: 0...50, using: &random) },
                length: Int.random(in: 2...5, using: &random))
            harness.submit(order, isOpen: true)
        }
        harness.model.open()
        await harness.sink.hasEnded(31)
        #expect(harness.sink.endings.allSatisfy { $0.isRight }, "seed \(seed)")
        let lengths = Dictionary(
            uniqueKeysWithValues: harness.sink.endings.map { ($0.order.tag, $0.order.length) })
        for run in harness.model.stage.value.runs {
            #expect(run.tags.allSatisfy { lengths[$0] == run.shape[1] }, "seed \(seed)")
        }
        #expect(harness.model.stage.value.runs.count < 31, "seed \(seed): nothing rode together")
        await harness.served.stop()
    }

    @Test(
        "On shared cores, what clients ask for when they are answered rides the next batch together",
        arguments: [true, false])
    func answeredFirst(sharesCores: Bool) async throws {
        let harness = try await Harness.start { $0.sharesCores = sharesCores }
        let eager = EagerSink(harness)
        harness.served.submit([Order(tag: 0, payloads: [1]).request(to: eager)])
        await harness.sink.hasEnded(3)
        let runs = harness.model.stage.value.runs.map(\.tags)
        // Elsewhere the instance is free by then, and the first of them finds it so.
        #expect(runs == (sharesCores ? [[0], [1, 2, 3]] : [[0], [1], [2, 3]]))
        await harness.served.stop()
    }
}

/// A client that asks for three more, one by one, the moment it is answered.
private final class EagerSink: CompletionSink {
    private let harness: Harness

    init(_ harness: Harness) { self.harness = harness }

    func complete(_ completions: [Completion]) {
        for tag in 1...3 { harness.submit(Order(tag: tag, payloads: [1])) }
    }
}
