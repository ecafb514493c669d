internal import GatewayCore
package import ServingModel
package import ServingRuntime

/// A request that has ended and is to be exported.
package struct TracedRequest: Sendable {
    /// What became of it.
    package var record: DecisionRecord
    /// The model that it asked.
    package var model: String

    /// Pairs a record with its model.
    package init(_ record: DecisionRecord, model: String) {
        self.record = record
        self.model = model
    }
}

/// Spans as OTLP's JSON: the body of `POST /v1/traces` (opentelemetry-proto 1, JSON mapping: ids in
/// hexadecimal digits, 64-bit numbers as strings).
///
/// Each request is a span of a server, with children for what happened to it one after the other:
/// `queue` and `batch`, the latter with `compute` inside, or `queue`, `prefill` and `decode`.
package struct TraceText {
    private let epoch: UInt64
    private let classes: [PriorityClass]

    /// A text whose instants are `epoch` nanoseconds after 1970 when the monotonic clock shows 0.
    package init(epoch: UInt64, classes: [PriorityClass]) {
        self.epoch = epoch
        self.classes = classes
    }

    /// The body for some requests.
    package func body(_ requests: [TracedRequest]) -> [UInt8] {
        let writer = JSONWriter.object { writer in
            writer.array("resourceSpans", CollectionOfOne(())) { writer, _ in
                writer.object { writer in
                    writer.object("resource") {
                        $0.attributes([
                            ("service.name", .text("headway")),
                            ("service.version", .text(HeadwayVersion.current)),
                        ])
                    }
                    writer.array("scopeSpans", CollectionOfOne(())) { writer, _ in
                        writer.object { writer in
                            writer.object("scope") { $0.member("name", "headway") }
                            writer.array("spans", requests.flatMap(spans)) { write($1, to: &$0) }
                        }
                    }
                }
            }
        }
        return Array(writer.text.utf8)
    }

    // MARK: Spans

    /// One span.
    private struct Span {
        var context: TraceContext
        var name: String
        /// 1: internal; 2: of a server (OTLP's numbers).
        var kind = 1
        var start: Instant
        var end: Instant
        var attributes: [(String, TraceValue)] = []
        /// What went wrong, if it was the server's fault.
        var failure: String?
    }

    private func spans(_ traced: TracedRequest) -> [Span] {
        guard let context = traced.record.label.trace else { return [] }
        let root = root(traced, context)
        switch traced.record.work {
        case .none: return [root, queue(traced.record, context, until: traced.record.ended)]
        case .batch(let ride): return [root] + batch(traced.record, ride, context)
        case .generation(let ride): return [root] + generation(traced.record, ride, context)
        }
    }

    private func root(_ traced: TracedRequest, _ context: TraceContext) -> Span {
        let record = traced.record
        let verb = record.generation == nil ? "infer" : "generate"
        var span = Span(
            context: context, name: "\(verb) \(traced.model)", kind: 2, start: record.arrival,
            end: record.ended)
        span.attributes = [
            ("headway.request_id", .text("\(record.label.name)")),
            ("headway.model", .text(traced.model)),
            ("headway.class", .text(name(of: record.priorityClass))),
            ("headway.outcome", .text(record.outcome.name)),
        ]
        if let rule = record.rule { span.attributes.append(("headway.rule", .text(rule))) }
        if record.deadline != .distantFuture {
            let slack =
                record.ended.interval(to: record.deadline).milliseconds
                - record.deadline.interval(to: record.ended).milliseconds
            span.attributes.append(("headway.slack_ms", .number(slack)))
        }
        if record.outcome == .failed { span.failure = "the engine failed" }
        return span
    }

    private func queue(
        _ record: DecisionRecord, _ context: TraceContext, until end: Instant
    ) -> Span {
        Span(
            context: context.child(1), name: "queue", start: record.arrival, end: end,
            attributes: [("headway.waiting_at_arrival", .count(record.ahead))])
    }

    private func batch(
        _ record: DecisionRecord, _ ride: BatchRide, _ context: TraceContext
    ) -> [Span] {
        let batch = context.child(2)
        let began = ride.launched + ride.assembly
        return [
            queue(record, context, until: ride.launched),
            Span(
                context: batch, name: "batch", start: ride.launched, end: record.ended,
                attributes: [
                    ("headway.batch", .count(Int(ride.batch.rawValue))),
                    ("headway.instance", .count(ride.instance.rawValue)),
                    ("headway.batch_rows", .count(ride.rows)),
                    ("headway.batch_requests", .count(ride.requests)),
                    ("headway.rule", .text(ride.rule.rawValue)),
                    ("headway.predicted_ms", .number(ride.predicted.milliseconds)),
                ]),
            Span(
                context: batch.child(1), name: "compute", start: began, end: began + ride.compute),
        ]
    }

    private func generation(
        _ record: DecisionRecord, _ ride: GenerationRide, _ context: TraceContext
    ) -> [Span] {
        guard let started = ride.started else {
            return [queue(record, context, until: record.ended)]
        }
        var spans = [
            queue(record, context, until: started),
            Span(
                context: context.child(2), name: "prefill", start: started,
                end: ride.firstToken ?? record.ended,
                attributes: [
                    ("headway.prompt_tokens", .count(record.size)),
                    ("headway.cached_tokens", .count(ride.cachedTokens)),
                ]),
        ]
        if let first = ride.firstToken {
            spans.append(
                Span(
                    context: context.child(3), name: "decode", start: first, end: record.ended,
                    attributes: [
                        ("headway.generated_tokens", .count(ride.generatedTokens)),
                        ("headway.steps", .count(ride.steps)),
                        ("headway.preemptions", .count(ride.preemptions)),
                    ]))
        }
        return spans
    }

    private func name(of priorityClass: ClassIndex) -> String {
        let index = priorityClass.rawValue
        return classes.indices.contains(index) ? classes[index].name : "\(index)"
    }

    // MARK: JSON

    private func write(_ span: Span, to writer: inout JSONWriter) {
        writer.object { writer in
            writer.member("traceId", span.context.traceID)
            writer.member("spanId", span.context.spanID)
            if span.context.parent != 0 {
                writer.member("parentSpanId", RequestName.number(span.context.parent).description)
            }
            writer.member("name", span.name)
            writer.member("kind", span.kind)
            writer.member("startTimeUnixNano", "\(epoch + span.start.nanoseconds)" as String)
            writer.member("endTimeUnixNano", "\(epoch + span.end.nanoseconds)" as String)
            writer.attributes(span.attributes)
            if let failure = span.failure {
                writer.object("status") {
                    $0.member("code", 2)
                    $0.member("message", failure)
                }
            }
        }
    }
}

/// A value of an attribute.
enum TraceValue {
    case text(String)
    case count(Int)
    case number(Double)
}

extension JSONWriter {
    /// Writes a list of attributes as OTLP has them.
    fileprivate mutating func attributes(_ attributes: [(String, TraceValue)]) {
        array("attributes", attributes) { writer, attribute in
            writer.object { writer in
                writer.member("key", attribute.0)
                writer.object("value") { writer in
                    switch attribute.1 {
                    case .text(let text): writer.member("stringValue", text)
                    case .count(let count): writer.member("intValue", "\(count)" as String)
                    case .number(let number): writer.member("doubleValue", number)
                    }
                }
            }
        }
    }
}

extension TraceContext {
    /// The span number `index` below this one. Its name follows from this span's, so that it need not
    /// be kept anywhere.
    fileprivate func child(_ index: UInt64) -> TraceContext {
        var mixed = span ^ (index &* 0x9E37_79B9_7F4A_7C15)
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return TraceContext(
            traceHigh: traceHigh, traceLow: traceLow, span: max(mixed ^ (mixed >> 31), 1),
            parent: span)
    }
}
