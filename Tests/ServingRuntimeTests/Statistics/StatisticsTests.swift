import ServingModel
import ServingRuntime
import Testing

@Suite("Statistics of a served model", .timeLimit(.minutes(5)))
struct StatisticsTests {
    @Test("Waiting and running times are those of the clock")
    func durations() async throws {
        let clock = VirtualClock()
        let model = ScriptedModel(onRun: { clock.advance(by: .milliseconds(3)) })
        let harness = try await Harness.start(model: model, clock: clock)
        await harness.occupy()
        harness.submit(Order(tag: 1, payloads: [1, 2], priorityClass: 1))
        harness.submit(Order(tag: 2, payloads: [3], priorityClass: 7))
        clock.advance(by: .milliseconds(1))
        harness.model.open()
        await harness.sink.hasEnded(3)
        let books = harness.served.statistics
        #expect(books.success.count == 3)
        #expect(books.success.total == .milliseconds(4 + 7 + 7))
        #expect(books.queue.total == .milliseconds(4 + 4))
        // The first run stood at the gate for a millisecond of the engine's time.
        #expect(books.computeInfer.total == .milliseconds(4 + 3 + 3))
        #expect(books.computeInput.total == .zero)
        #expect(books.computeOutput.total == .zero)
        #expect(books.executions == 2)
        #expect(books.inferences == 4)
        #expect(
            books.batches.mapValues(\.infer.total) == [1: .milliseconds(4), 3: .milliseconds(3)])
        #expect(books.lastInference == clock.present)
        // A class beyond the table counts as the last one.
        #expect(books.classes.map(\.inTime) == [1, 2])
        #expect(books.classes[1].queue.sum == .milliseconds(8))
        #expect(books.classes[1].latency.count == 2)
        await harness.served.stop()
    }

    @Test("A histogram counts each sample in the first bucket that holds it")
    func histogram() {
        var histogram = LatencyHistogram()
        #expect(histogram.counts.count == LatencyHistogram.bounds.count + 1)
        for bound in LatencyHistogram.bounds {
            histogram.record(Interval(nanoseconds: UInt64((bound * 1e9).rounded())))
        }
        histogram.record(.zero)
        histogram.record(.seconds(61))
        #expect(histogram.counts.first == 2)
        #expect(histogram.counts.dropFirst().allSatisfy { $0 == 1 })
        #expect(histogram.count == UInt64(LatencyHistogram.bounds.count + 2))
        #expect(
            zip(LatencyHistogram.bounds, LatencyHistogram.bounds.dropFirst()).allSatisfy { $0 < $1 }
        )
    }
}
