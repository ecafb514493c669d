import ControlCore
import EngineAPI
import ServingModel
import ServingRuntime
import Testing

@Suite("Decision records", .timeLimit(.minutes(5)))
struct DecisionTests {
    /// Hands in an order under a name.
    private func submit(_ harness: Harness, _ name: String, _ order: Order) {
        harness.served.submit([order.request(to: harness.sink, named: name)])
    }

    @Test("A request served at once tells its batch, its rule and what was predicted")
    func alone() async throws {
        let harness = try await Harness.start()
        let deadline = harness.clock.present + .milliseconds(100)
        submit(harness, "first", Order(tag: 1, payloads: [1], deadline: deadline))
        await harness.sink.hasEnded(1)
        let record = try #require(harness.served.decisions.find("first").first)
        #expect(record.outcome == .inTime)
        #expect(record.ahead == 0)
        #expect(record.deadline == deadline)
        let ride = try #require(record.batch)
        #expect(ride.rule == .everyone)
        #expect(ride.requests == 1 && ride.rows == 1 && ride.leftBehind == 0)
        #expect(ride.predicted == Harness.latency.latency(rows: 1))
        #expect(ride.launched == record.arrival)
        await harness.served.stop()
    }

    @Test("Requests that waited tell how many waited before them, and who rode with them")
    func together() async throws {
        let harness = try await Harness.start()
        await harness.occupy()
        for tag in 1...3 { submit(harness, "r\(tag)", Order(tag: tag, payloads: [1])) }
        harness.model.open()
        await harness.sink.hasEnded(4)
        let log = harness.served.decisions
        #expect((1...3).map { log.find("r\($0)").first?.ahead } == [0, 1, 2])
        let ride = try #require(log.find("r2").first?.batch)
        #expect(ride.requests == 3)
        #expect(Set(log.riders(of: ride.batch).map { "\($0.label.name)" }) == ["r1", "r2", "r3"])
        await harness.served.stop()
    }

    @Test("Refused, cancelled, failed and late requests are told apart")
    func outcomes() async throws {
        let clock = VirtualClock()
        let model = ScriptedModel(onRun: { clock.advance(by: .milliseconds(20)) })
        let harness = try await Harness.start(model: model, clock: clock)
        let log = harness.served.decisions
        submit(
            harness, "hopeless",
            Order(tag: 1, payloads: [1], deadline: clock.present + .microseconds(10)))
        #expect(log.find("hopeless").first?.outcome == .rejected(.deadlineUnreachable))
        submit(
            harness, "late",
            Order(tag: 2, payloads: [1], deadline: clock.present + .milliseconds(10)))
        await harness.sink.hasEnded(2)
        #expect(log.find("late").first?.outcome == .late)
        await harness.occupy()
        let given = Order(tag: 3, payloads: [1]).request(to: harness.sink, named: "given up")
        harness.served.submit([given])
        harness.served.cancel(given)
        #expect(log.find("given up").first?.outcome == .cancelled)
        harness.model.open()
        await harness.sink.hasEnded(4)
        harness.served.noteTurnedAway(
            RequestLabel(name: .text("away")), ClassIndex(0), arrival: clock.present,
            deadline: clock.present)
        #expect(log.find("away").first?.outcome == .turnedAway)
        await harness.served.stop()
    }

    @Test("A generation tells its tokens, steps and company")
    func generation() async throws {
        let harness = try await GeneratorHarness.start()
        let stream = try harness.submit("Once upon", tokens: 12) {
            $0.label = RequestLabel(name: .text("story"))
        }
        _ = try #require(await stream.collect())
        let record = try #require(harness.served.decisions.find("story").first)
        let ride = try #require(record.generation)
        #expect(record.outcome == .inTime)
        #expect(record.size == (try harness.prompt("Once upon").count))
        #expect(ride.generatedTokens == 12)
        #expect(ride.steps >= 12 && ride.companions == 0)
        #expect(ride.isCutOff)
        #expect(ride.started != nil && ride.firstToken != nil)
        await harness.served.stop()
    }

    @Test("Kept promises do not wash away broken ones, and the ring keeps the latest")
    func rings() {
        let log = DecisionLog(DecisionSettings(capacity: 8), model: "m")
        log.append(.forTest("broken", .late))
        for index in 0..<100 { log.append(.forTest("kept \(index)", .inTime)) }
        #expect(log.find("broken").count == 1)
        #expect(log.find("kept 95").isEmpty)
        #expect((96..<100).allSatisfy { log.find("kept \($0)").count == 1 })
        for index in 0..<6 { log.append(.forTest("late \(index)", .late)) }
        #expect(log.find("broken").isEmpty)
        #expect(log.latestBroken(2).map { "\($0.label.name)" } == ["late 5", "late 4"])
    }

    @Test("Sampling keeps one in so many kept promises and every broken one")
    func sampling() {
        let log = DecisionLog(DecisionSettings(capacity: 200, sampling: 10), model: "m")
        for index in 0..<100 {
            log.append(.forTest("kept", .inTime))
            log.append(.forTest("broken \(index)", .cancelled))
        }
        #expect(log.find("kept").count == 10)
        #expect((0..<100).allSatisfy { log.find("broken \($0)").count == 1 })
    }

    @Test("Names that the server made are found by their digits, those of clients by their letters")
    func names() {
        let log = DecisionLog(DecisionSettings(), model: "m")
        var record = DecisionRecord.forTest("beef", .inTime)
        log.append(record)
        record.label.name = .number(0xBEEF)
        log.append(record)
        #expect("\(RequestName.number(0xBEEF))" == "000000000000beef")
        #expect(log.find("000000000000beef").count == 1)
        #expect(log.find("beef").count == 2)
        #expect(log.find("nobody").isEmpty)
    }

    @Test("Traced requests are handed on even when nothing is kept")
    func traced() async {
        let told = Scoreboard<[String]>([])
        let log = DecisionLog(
            DecisionSettings(capacity: 0) { record, model in
                told.update { $0.append("\(record.label.name) of \(model)") }
            }, model: "m")
        log.append(.forTest("plain", .inTime))
        var record = DecisionRecord.forTest("traced", .inTime)
        record.label.trace = TraceContext(traceHigh: 1, traceLow: 2, span: 3, parent: 4)
        log.append(record)
        #expect(told.value == ["traced of m"])
        #expect(log.find("traced").isEmpty)
    }
}

extension DecisionRecord {
    /// A record with nothing in it but a name and an outcome.
    static func forTest(_ name: String, _ outcome: Outcome) -> DecisionRecord {
        DecisionRecord(
            label: RequestLabel(name: .text(name)), priorityClass: ClassIndex(0),
            outcome: outcome, ahead: 0, size: 1, arrival: .origin, deadline: .distantFuture,
            ended: .origin, work: .none)
    }
}
