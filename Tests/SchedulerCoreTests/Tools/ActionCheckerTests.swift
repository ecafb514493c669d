internal import ControlCore
internal import SchedulerCore
internal import SchedulerTesting
internal import ServingModel
internal import Testing
internal import TraceFormat

/// The model that says no must really say no, and by the right name.
@Suite("Action checker")
struct ActionCheckerTests {
    /// A world with scripted answers, of a scheduler that never existed.
    private struct Script {
        let configuration: SchedulerConfiguration
        var checker: ActionChecker
        var queued = 0

        init(_ configuration: SchedulerConfiguration = .byHand(instances: 2)) {
            self.configuration = configuration
            checker = ActionChecker(configuration)
        }

        mutating func step(
            _ event: Event, at milliseconds: Double = 1, queued: Int = 0, wakeup: Instant? = nil,
            _ actions: [Action] = [], members: [UInt64] = []
        ) throws {
            let step = Step(
                input: TimedEvent(at: CheckedScheduler.instant(milliseconds), event),
                actions: actions, members: members.map { RequestID($0) })
            let view = ActionChecker.View(queued: queued, nextWakeup: wakeup)
            try checker.check(step, view) { _, _ in configuration.latency }
        }

        func launch(
            _ instance: Int, batch: UInt64, _ members: Range<Int>, rows: Int? = nil,
            predicted: Interval? = nil
        ) -> Action {
            let rows = rows ?? members.count
            return .launch(
                Launch(
                    instance: InstanceID(instance), batch: BatchID(batch), members: members,
                    rows: rows, predicted: predicted ?? configuration.latency.latency(rows: rows)))
        }
    }

    private static func arrival(
        _ id: UInt64, class priorityClass: Int = 0, due: Double? = 100, rows: Int = 1,
        bytes: Int = 0, shape: UInt64 = 0
    ) -> Event {
        .arrived(
            Arrival(
                id: RequestID(id), priorityClass: ClassIndex(priorityClass),
                deadline: due.map(CheckedScheduler.instant) ?? .distantFuture, rows: rows,
                bytes: bytes, shape: ShapeID(shape)))
    }

    private static func expect(
        _ rule: Violation.Rule, sourceLocation: SourceLocation = #_sourceLocation,
        _ body: (inout Script) throws -> Void
    ) {
        var script = Script()
        #expect(sourceLocation: sourceLocation) {
            try script.step(.instanceReady(InstanceID(0)))
            try body(&script)
        } throws: { error in
            (error as? Violation)?.rule == rule
        }
    }

    @Test("Launches on the wrong instance are refused")
    func instances() {
        Self.expect(.launchOnAbsentInstance) {
            try $0.step(Self.arrival(1), [$0.launch(1, batch: 1, 0..<1)], members: [1])
        }
        Self.expect(.launchOnBusyInstance) {
            try $0.step(Self.arrival(1), [$0.launch(0, batch: 1, 0..<1)], members: [1])
            try $0.step(Self.arrival(2), [$0.launch(0, batch: 2, 0..<1)], members: [2])
        }
    }

    @Test("Batches with the wrong members are refused")
    func members() {
        Self.expect(.foreignID) {
            try $0.step(Self.arrival(1), [$0.launch(0, batch: 1, 0..<2)], members: [1, 9])
        }
        Self.expect(.duplicateID) {
            try $0.step(Self.arrival(1), [$0.launch(0, batch: 1, 0..<2)], members: [1, 1])
        }
        Self.expect(.emptyBatch) {
            try $0.step(Self.arrival(1), [$0.launch(0, batch: 1, 0..<0, rows: 0)], members: [])
        }
        Self.expect(.terminalTwice) {
            let reject = Action.reject(RequestID(1), .deadlineUnreachable, retryAfter: .zero)
            let launch = $0.launch(0, batch: 1, 0..<1)
            try $0.step(Self.arrival(1, due: 2), [reject, launch], members: [1])
        }
        Self.expect(.terminalTwice) {
            let reject = Action.reject(RequestID(1), .deadlineUnreachable, retryAfter: .zero)
            try $0.step(Self.arrival(1, due: 2), [reject, reject])
        }
        Self.expect(.mixedShapes) {
            var first = Arrival(
                id: RequestID(1), priorityClass: ClassIndex(0), deadline: .distantFuture)
            first.isFollowed = true
            try $0.step(.arrived(first), queued: 1)
            try $0.step(
                Self.arrival(2, shape: 7), [$0.launch(0, batch: 1, 0..<2)], members: [1, 2])
        }
    }

    @Test("Batches of the wrong size, number or promise are refused")
    func batches() {
        Self.expect(.rowsMiscounted) {
            try $0.step(
                Self.arrival(1, rows: 3), [$0.launch(0, batch: 1, 0..<1, rows: 2)], members: [1])
        }
        Self.expect(.batchOutOfSequence) {
            try $0.step(Self.arrival(1), [$0.launch(0, batch: 2, 0..<1)], members: [1])
        }
        Self.expect(.wrongPrediction) {
            try $0.step(
                Self.arrival(1), [$0.launch(0, batch: 1, 0..<1, predicted: .milliseconds(1))],
                members: [1])
        }
        Self.expect(.lateLaunch) {
            try $0.step(Self.arrival(1, due: 2), [$0.launch(0, batch: 1, 0..<1)], members: [1])
        }
        Self.expect(.batchTooLarge) {
            var first = Arrival(
                id: RequestID(1), priorityClass: ClassIndex(0), deadline: .distantFuture, rows: 64)
            first.isFollowed = true
            try $0.step(.arrived(first), queued: 1)
            try $0.step(
                Self.arrival(2, due: nil), [$0.launch(0, batch: 1, 0..<2, rows: 65)],
                members: [1, 2])
        }
    }

    @Test("A batch that passes somebody over is refused, within a slot of deadlines it is not")
    func order() throws {
        let passOver = { (script: inout Script) in
            for id in 1...3 as ClosedRange<UInt64> {
                var arrival = Arrival(
                    id: RequestID(id), priorityClass: ClassIndex(0),
                    deadline: CheckedScheduler.instant(100 + Double(id)))
                arrival.isFollowed = true
                try script.step(.arrived(arrival), queued: Int(id))
            }
            var last = Arrival(
                id: RequestID(4), priorityClass: ClassIndex(0), deadline: .distantFuture)
            last.shape = ShapeID(1)
            try script.step(
                .arrived(last), queued: 2, [script.launch(0, batch: 1, 0..<2)], members: [1, 3])
        }
        Self.expect(.passedOver, passOver)

        var configuration = SchedulerConfiguration.byHand(instances: 2)
        configuration.score = MultimodalScore(
            referenceCost: .milliseconds(1), referenceSlack: .milliseconds(10))
        configuration.score?.slot = .milliseconds(50)
        var script = Script(configuration)
        try script.step(.instanceReady(InstanceID(0)))
        try passOver(&script)
    }

    @Test("Cancellations that are ignored, invented or come after the fact are refused")
    func cancellations() {
        let busy = { (script: inout Script) in
            try script.step(Self.arrival(1), [script.launch(0, batch: 1, 0..<1)], members: [1])
            try script.step(Self.arrival(2), queued: 1)
        }
        Self.expect(.cancelIgnored) {
            try busy(&$0)
            try $0.step(.cancelled(RequestID(2)), queued: 1)
        }
        Self.expect(.cancelledUnasked) {
            try busy(&$0)
            try $0.step(.timerFired, [.cancelled(RequestID(2))])
        }
        Self.expect(.terminalTwice) {
            try busy(&$0)
            try $0.step(.cancelled(RequestID(1)), queued: 1, [.cancelled(RequestID(1))])
        }
        Self.expect(.launchAfterCancel) {
            try busy(&$0)
            try $0.step(.cancelled(RequestID(2)), [.cancelled(RequestID(2))])
            try $0.step(
                .completed(InstanceID(0), .success), [$0.launch(0, batch: 2, 0..<1)], members: [2])
        }
        Self.expect(.foreignID) { try $0.step(.timerFired, [.cancelled(RequestID(5))]) }
    }

    @Test("Rejections without their reason are refused")
    func rejections() {
        func reject(_ id: UInt64, _ reason: RejectReason) -> Action {
            .reject(RequestID(id), reason, retryAfter: .zero)
        }
        Self.expect(.rejectedEarlierThanDecidable) {
            try $0.step(Self.arrival(1), [reject(1, .deadlineUnreachable)])
        }
        Self.expect(.rejectedEarlierThanDecidable) {
            try $0.step(Self.arrival(1), [reject(1, .deadlineMissed)])
        }
        Self.expect(.rejectedWhileRoom) {
            try $0.step(Self.arrival(1), [reject(1, .queueFull)])
        }
        Self.expect(.displacedUnjustly) {
            try $0.step(Self.arrival(1), [reject(1, .displaced)])
        }
        Self.expect(.noInstanceWhileServing) {
            try $0.step(Self.arrival(1), [reject(1, .noInstance)])
        }
        Self.expect(.drainingWhileOpen) {
            try $0.step(Self.arrival(1), [reject(1, .draining)])
        }
        Self.expect(.foreignID) { try $0.step(.timerFired, [reject(5, .deadlineMissed)]) }
    }

    @Test("States that no event may leave behind are refused")
    func states() {
        let busy = { (script: inout Script) in
            try script.step(Self.arrival(1), [script.launch(0, batch: 1, 0..<1)], members: [1])
        }
        Self.expect(.idleBesideWaiting) { try $0.step(Self.arrival(1), queued: 1) }
        Self.expect(.queueMiscounted) {
            try busy(&$0)
            try $0.step(Self.arrival(2), queued: 2)
        }
        Self.expect(.acceptedUnreachable) {
            try busy(&$0)
            try $0.step(Self.arrival(2, due: 4), queued: 1)
        }
        Self.expect(.acceptedWhileDraining) {
            try busy(&$0)
            try $0.step(.draining)
            try $0.step(Self.arrival(2), queued: 1)
        }
        Self.expect(.queueOverLimit) {
            try busy(&$0)
            try $0.step(Self.arrival(2, bytes: 2 << 30), queued: 1)
        }
        Self.expect(.wakeupInPast) {
            try busy(&$0)
            try $0.step(.timerFired, wakeup: CheckedScheduler.instant(1))
        }
        Self.expect(.lostRequest) {
            try busy(&$0)
            try $0.checker.finish(at: CheckedScheduler.instant(9))
        }
    }

    @Test("After the timer, hopeless requests and missing timers are refused")
    func timeliness() throws {
        var script = Script()
        try script.step(.instanceReady(InstanceID(0)))
        try script.step(Self.arrival(1), [script.launch(0, batch: 1, 0..<1)], members: [1])
        try script.step(Self.arrival(2, due: 50), queued: 1)
        let configuration = script.configuration
        func check(at milliseconds: Double, wakeup: Double?) throws(Violation) {
            let view = ActionChecker.View(
                queued: 1, nextWakeup: wakeup.map(CheckedScheduler.instant))
            try script.checker.checkTimeliness(
                at: CheckedScheduler.instant(milliseconds), view,
                latency: { _, _ in configuration.latency })
        }
        try check(at: 40, wakeup: 47.9)
        #expect { try check(at: 49, wakeup: 50) } throws: {
            ($0 as? Violation)?.rule == .rejectedLaterThanDecidable
        }
        #expect { try check(at: 40, wakeup: nil) } throws: {
            ($0 as? Violation)?.rule == .wakeupMissing
        }
    }
}
