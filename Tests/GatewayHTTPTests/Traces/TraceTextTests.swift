import Foundation
import GatewayHTTP
import ServingModel
import ServingRuntime
import Testing

@Suite("Spans as OTLP's JSON")
struct TraceTextTests {
    private struct Body: Decodable {
        struct Resource: Decodable { var scopeSpans: [Scope] }
        struct Scope: Decodable { var spans: [Span] }
        struct Span: Decodable {
            var traceId: String
            var spanId: String
            var parentSpanId: String?
            var name: String
            var kind: Int
            var startTimeUnixNano: String
            var endTimeUnixNano: String
            var status: Status?
        }
        struct Status: Decodable { var code: Int }

        var resourceSpans: [Resource]
        var spans: [Span] { resourceSpans.flatMap(\.scopeSpans).flatMap(\.spans) }
    }

    private func spans(_ record: DecisionRecord) throws -> [Body.Span] {
        let text = TraceText(epoch: 1_000_000, classes: PriorityClass.defaultTable)
        let body = text.body([TracedRequest(record, model: "m")])
        return try JSONDecoder().decode(Body.self, from: Data(body)).spans
    }

    private func record(
        _ outcome: DecisionRecord.Outcome, _ work: DecisionRecord.Work
    ) -> DecisionRecord {
        DecisionRecord(
            label: RequestLabel(
                name: .text("a\"b"),
                trace: TraceContext(traceHigh: 1, traceLow: 2, span: 3, parent: 4)),
            priorityClass: ClassIndex(0), outcome: outcome, ahead: 2, size: 1,
            arrival: Instant(nanoseconds: 100), deadline: .distantFuture,
            ended: Instant(nanoseconds: 900), work: work)
    }

    @Test("A request in a batch has spans for queue, batch and compute, nested in time and by name")
    func batch() throws {
        let ride = BatchRide(
            batch: BatchID(7), instance: InstanceID(0), rule: .everyone, rows: 3, requests: 2,
            leftBehind: 0, launched: Instant(nanoseconds: 300),
            predicted: Interval(nanoseconds: 500), assembly: Interval(nanoseconds: 50),
            compute: Interval(nanoseconds: 400))
        let spans = try spans(record(.inTime, .batch(ride)))
        #expect(spans.map(\.name) == ["infer m", "queue", "batch", "compute"])
        #expect(spans.map(\.kind) == [2, 1, 1, 1])
        #expect(Set(spans.map(\.traceId)) == ["00000000000000010000000000000002"])
        #expect(Set(spans.map(\.spanId)).count == 4)
        #expect(
            spans.map(\.parentSpanId) == [
                "0000000000000004", spans[0].spanId, spans[0].spanId, spans[2].spanId,
            ])
        #expect(spans.map(\.startTimeUnixNano) == ["1000100", "1000100", "1000300", "1000350"])
        #expect(spans.map(\.endTimeUnixNano) == ["1000900", "1000300", "1000900", "1000750"])
        #expect(spans.allSatisfy { $0.status == nil })
    }

    @Test("A generation has spans for queue, prefill and decode, as far as it came")
    func generation() throws {
        var ride = GenerationRide(
            started: Instant(nanoseconds: 200), firstToken: Instant(nanoseconds: 400),
            cachedTokens: 0, generatedTokens: 5, steps: 6, companions: 0, preemptions: 0,
            perToken: .never, predictedStep: .zero, isCutOff: false)
        #expect(
            try spans(record(.late, .generation(ride))).map(\.name)
                == ["generate m", "queue", "prefill", "decode"])
        ride.firstToken = nil
        #expect(
            try spans(record(.cancelled, .generation(ride))).map(\.name)
                == ["generate m", "queue", "prefill"])
        ride.started = nil
        #expect(
            try spans(record(.rejected(.queueFull), .generation(ride))).map(\.name)
                == ["generate m", "queue"])
    }

    @Test("Only what the engine failed is an error; what was refused is not")
    func status() throws {
        #expect(try spans(record(.failed, .none)).first?.status?.code == 2)
        #expect(try spans(record(.rejected(.queueFull), .none)).first?.status == nil)
    }
}
