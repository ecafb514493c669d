import ControlCore
import SchedulerCore
import SchedulerTesting
import ServingModel
import Testing
import TraceFormat

/// A value in which one named field differs from the usual one.
struct Change<Value: Sendable>: Sendable {
    let field: String
    let apply: @Sendable (inout Value) -> Void

    init(_ field: String, _ apply: @escaping @Sendable (inout Value) -> Void) {
        self.field = field
        self.apply = apply
    }
}

/// A new field of an arrival, a launch or a configuration must be in the trace, or a replay would
/// silently differ. Each suite compares the list of its changes with the fields that the type really
/// has: who adds a field is told here to add it to the text.
func checkCoverage<Value>(of value: Value, _ changes: [Change<Value>]) {
    let fields = Mirror(reflecting: value).children.compactMap(\.label)
    #expect(
        Set(fields) == Set(changes.map(\.field)),
        "the fields of \(Value.self) and those that its text is tested for differ")
}

@Suite("Fields in a trace")
struct FieldCoverageTests {
    static let at = Instant(nanoseconds: 1_000)

    static let arrivals: [Change<Arrival>] = [
        Change("id") { $0.id = RequestID(7 << 32 | 9) },
        Change("priorityClass") { $0.priorityClass = ClassIndex(2) },
        Change("deadline") { $0.deadline = Instant(nanoseconds: 1) },
        Change("rows") { $0.rows = 3 },
        Change("bytes") { $0.bytes = 4_096 },
        Change("shape") { $0.shape = ShapeID(.max) },
        Change("isFollowed") { $0.isFollowed = true },
        Change("tenant") { $0.tenant = TenantID(.max) },
        Change("length") { $0.length = 512 },
        Change("supersedes") { $0.supersedes = SupersedeKey(.max) },
        Change("allowsCheaperVariant") { $0.allowsCheaperVariant = false },
        Change("modality") { $0.modality = ModalityIndex(1) },
    ]

    @Test("Every field of an arrival is written and read back")
    func arrival() throws {
        let usual = Arrival(
            id: RequestID(1), priorityClass: ClassIndex(0), deadline: .distantFuture)
        checkCoverage(of: usual, Self.arrivals)
        for change in Self.arrivals {
            var arrival = usual
            change.apply(&arrival)
            try expectDifference(.arrived(usual), .arrived(arrival), change.field)
        }
    }

    static let launches: [Change<Launch>] = [
        Change("instance") { $0.instance = InstanceID(3) },
        Change("batch") { $0.batch = BatchID(.max) },
        Change("members") { $0.members = 0..<2 },
        Change("rows") { $0.rows = 9 },
        Change("predicted") { $0.predicted = .never },
        Change("variant") { $0.variant = VariantIndex(1) },
        Change("paddedLength") { $0.paddedLength = 64 },
    ]

    @Test("Every field of a launch is written and read back")
    func launch() throws {
        let usual = Launch(
            instance: InstanceID(0), batch: BatchID(1), members: 0..<1, rows: 1,
            predicted: .milliseconds(1))
        checkCoverage(of: usual, Self.launches)
        for change in Self.launches {
            var launch = usual
            change.apply(&launch)
            let members = (0..<launch.members.count).map { RequestID(UInt64($0)) }
            let step = Step.launching(launch, members: members)
            #expect(
                step.canonicalText
                    != Step.launching(usual, members: [RequestID(0)]).canonicalText,
                "\(change.field) is not in the text")
            #expect(try read(step) == step, "\(change.field) is not read back")
        }
    }

    @Test("Every event and action is written and read back")
    func events() throws {
        let grant = Grant(rows: 7, longest: .milliseconds(3), lesser: ClassIndex(1))
        let events: [Event] = [
            .cancelled(RequestID(5)), .completed(InstanceID(2), .success),
            .completed(InstanceID(2), .failure), .instanceReady(InstanceID(1)),
            .instanceLost(InstanceID(1)), .probe(InstanceID(1)), .limited(rows: 7),
            .queueLimited(requests: 9), .preferred(.full), .preferred(VariantIndex(2)),
            .timerFired,
            .turnedAway(ClassIndex(1), rows: 4),
            .turnedAway(ClassIndex(0), rows: 1), .draining, .granted(InstanceID(1), grant),
            .granted(InstanceID(1), Grant(rows: 2)), .held(InstanceID(0), until: .distantFuture),
            .held(InstanceID(0), until: Instant(nanoseconds: 99_999)),
            .held(InstanceID(0), until: .origin), .variant(VariantIndex(1), isResident: true),
            .variant(VariantIndex(2), isResident: false),
        ]
        for event in events {
            let step = Step(input: TimedEvent(at: Self.at, event), actions: [], members: [])
            #expect(try read(step) == step)
        }
        for reason in RejectReason.allCases {
            let step = Step(
                input: TimedEvent(at: Self.at, .timerFired),
                actions: [
                    .reject(RequestID(.max), reason, retryAfter: .never),
                    .cancelled(RequestID(1)),
                ], members: [])
            #expect(try read(step) == step)
        }
    }

    @Test("Each field of a grant is in the text")
    func grants() throws {
        let changes: [Change<Grant>] = [
            Change("rows") { $0.rows = 2 }, Change("longest") { $0.longest = .zero },
            Change("lesser") { $0.lesser = ClassIndex(1) },
        ]
        let usual = Grant(rows: 1)
        checkCoverage(of: usual, changes)
        for change in changes {
            var grant = usual
            change.apply(&grant)
            try expectDifference(
                .granted(InstanceID(0), usual), .granted(InstanceID(0), grant), change.field)
        }
    }

    private func expectDifference(_ usual: Event, _ changed: Event, _ field: String) throws {
        let first = TimedEvent(at: Self.at, usual)
        let second = TimedEvent(at: Self.at, changed)
        #expect(first.canonicalText != second.canonicalText, "\(field) is not in the text")
        let step = Step(input: second, actions: [], members: [])
        #expect(try read(step) == step, "\(field) is not read back")
    }

    private func read(_ step: Step) throws -> Step? {
        var trace = Trace()
        trace.steps = [step]
        return try steps(text(of: trace, .byHand())).first
    }
}
