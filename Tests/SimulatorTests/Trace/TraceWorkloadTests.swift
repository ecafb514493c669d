import ControlCore
import SchedulerCore
import SchedulerTesting
import ServingModel
import Simulator
import Testing
import TraceFormat

@Suite("Recorded traffic and another policy")
struct TraceWorkloadTests {
    /// A recording of 3,000 requests on device M at about half of its capacity, with ids that are used
    /// again, as a live server does.
    private static func recording(seed: UInt64) throws -> (bytes: [UInt8], outcome: Outcome) {
        var configuration = SchedulerConfiguration(
            classes: [.forTest("only", deadline: 80)], maxBatchRows: 512,
            latency: LatencyModel(base: 2, perRow: 0.2))
        configuration.fastFail = .tail
        var options = VirtualServer.Options(devices: [DeviceModel.medium], Seeded(seed))
        options.maxEvents = 100_000
        let origin = Instant(nanoseconds: 77)
        var writer = TraceWriter(origin: origin)
        writer.write(
            TraceHeader(number: 1, model: "m", version: 1, configuration: configuration))
        let load = Load(
            .poisson(rate: 6), classes: [LoadClass(0, deadline: 80)], milliseconds: 500,
            Seeded(seed).split("load"))
        var server = VirtualServer(configuration, options)
        func later(_ time: Instant) -> Instant {
            time == .distantFuture ? time : time + Instant.origin.interval(to: origin)
        }
        let outcome = try server.run(load) { at, event, answer, _ in
            var event = event
            if case .arrived(var arrival) = event {
                arrival.deadline = later(arrival.deadline)
                event = .arrived(arrival)
            }
            writer.write(
                TimedEvent(at: later(at), event), answer.actions[...], members: answer.members,
                of: 1)
        }
        writer.end(1)
        return (writer.bytes, outcome)
    }

    @Test("The same policy comes out as recorded, and the device is learnt from the batches")
    func samePolicy() throws {
        let (bytes, outcome) = try Self.recording(seed: 5)
        let workloads = try TraceWorkload.read(LineReader.source(bytes))
        let workload = try #require(workloads.first)
        #expect(workloads.count == 1)
        #expect(workload.requests == outcome.total.arrived)
        // The scheduler began with a line that was far off.
        #expect((1.2...1.6).contains(workload.device.base), "\(workload.device)")
        #expect((0.07...0.09).contains(workload.device.perRow), "\(workload.device)")
        let report = try workload.run(.slackAware)
        #expect(abs(report.figures.inTimePercent - outcome.total.inTimeShare * 100) < 1)
        let recorded = outcome.total.latency(quantile: 0.5)
        #expect(abs(report.figures.latency.p50 - recorded) < 0.3 * recorded)
        #expect(report.classes.map(\.name) == ["only"])
    }

    @Test("Another policy meets the same requests")
    func otherPolicy() throws {
        let (bytes, outcome) = try Self.recording(seed: 6)
        let workload = try #require(try TraceWorkload.read(LineReader.source(bytes)).first)
        let waiting = try workload.run(.staticBatch(StaticSettings(batch: 400)))
        let swb = try workload.run(.slackAware)
        #expect(waiting.figures.offeredPerSecond == swb.figures.offeredPerSecond)
        #expect(waiting.figures.meanBatch > 2 * swb.figures.meanBatch)
        #expect(swb.figures.inTimePercent >= waiting.figures.inTimePercent)
        #expect(workload.scenario.durationSeconds > 0.4)
        #expect(outcome.total.arrived > 2_000)
    }

    @Test("A recording, requests and rates become arrivals of a scenario")
    func arrivals() throws {
        let (bytes, outcome) = try Self.recording(seed: 7)
        guard case .trace(let plan) = try Self.process(bytes) else {
            Issue.record("no trace")
            return
        }
        #expect(plan.records.count == outcome.total.arrived)
        #expect(plan.records.allSatisfy { $0.classIndex == 0 && $0.rows == 1 })
        let azure =
            "TIMESTAMP,ContextTokens,GeneratedTokens\n2023-11-16 18:17:03,48,10\n"
            + "bad\n2023-11-16 18:17:05,31,8\n"
        var problems: [String] = []
        let requests = try Self.process(Array(azure.utf8)) {
            problems = $1.map { "\($0)" } + ["\($0)"]
        }
        guard case .trace(let plan) = requests else {
            Issue.record("no trace")
            return
        }
        #expect(plan.records.map(\.milliseconds) == [0, 2_000])
        #expect(plan.records.map(\.length) == [48, 31])
        #expect(problems == ["line 3: 1 columns; allowed: 3", "1"])
        #expect(requests.recordedSeconds == 2)
        let rates = try Self.process(Array("t_seconds,requests_per_second\n0,5\n600,7\n".utf8))
        #expect(rates == .step(levelsPerSecond: [5, 7], atSeconds: [0, 600]))
        #expect(rates.recordedSeconds == 1_200)
        #expect(throws: TraceProblem.self) { try Self.process(Array("a,b\n".utf8)) }
    }

    private static func process(
        _ bytes: [UInt8], malformed: (Int, [TraceProblem]) -> Void = { _, _ in }
    ) throws -> ArrivalPlan.Process {
        try .recorded(TracePlan(), from: LineReader.source(bytes, chunks: 50), malformed: malformed)
    }
}
