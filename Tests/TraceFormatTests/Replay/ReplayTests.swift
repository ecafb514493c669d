import SchedulerCore
import SchedulerTesting
import ServingModel
import Simulator
import Testing
import TraceFormat

@Suite("Replay")
struct ReplayTests {
    @Test("Every random run replays from its text to the same bytes and the same hash")
    func equal() throws {
        try forEachSeed(count: 60) { random in
            let world = Swarm(random).world(requests: 80)
            let trace = try world.run(checks: .none).trace
            let bytes = text(of: trace, world.configuration)
            let result = try TraceReplay.run(LineReader.source(bytes))
            try require(result.isEqual && !result.isCut, "\(result.verdicts)")
            try require(result.verdicts.map(\.steps) == [trace.steps.count], "steps are missing")
            let end = String(decoding: bytes, as: UTF8.self).split(separator: "\n").last ?? ""
            try require(end.hasSuffix("hash=\(result.verdicts[0].hash)"), "another hash")
        }
    }

    @Test("The first step that is answered otherwise is shown with its line and both answers")
    func different() throws {
        var lines = smallHeader
        lines += "0 ready 0\n5 arrived 1 due=+90000000\n"
        lines += "  launch batch=1 instance=0 rows=1 predicted=2100001 ids=1\n"
        lines += "9 arrived 2\n"
        let result = try TraceReplay.run(LineReader.source(Array(lines.utf8)))
        #expect(!result.isEqual)
        let verdict = try #require(result.verdicts.first)
        #expect(verdict.line == 9)
        #expect(verdict.difference?.step == 2)
        #expect(
            verdict.difference?.recorded
                == "5 arrived 1 due=+90000000\n"
                + "  launch batch=1 instance=0 rows=1 predicted=2100001 ids=1")
        #expect(verdict.difference?.replayed.hasSuffix("predicted=2100000 ids=1") == true)
    }

    @Test(
        "An event that cannot happen is named instead of reaching the scheduler",
        arguments: [
            ("5 completed 0", "instance 0 completes a batch that it does not run"),
            ("5 ready 1", "there is no instance 1; allowed: below 1"),
            ("5 ready 0\n4 timer", "the time runs backwards"),
            ("5 turned-away class=9", "there is no class 9"),
            ("5 variant 1 loaded", "there is no cheaper variant 1"),
            ("5 granted 0 rows=1", "instance 0 is granted but is not held"),
            (
                "5 ready 0\n6 arrived 1\n  launch batch=1 instance=0 rows=1 predicted=2100000 ids=1\n"
                    + "7 arrived 2\n8 arrived 2", "request 2 arrives twice"
            ),
            ("5 arrived 1 modality=3", "there is no modality 3"),
        ])
    func impossible(lines: String, expected: String) throws {
        let bytes = Array((smallHeader + lines + "\n9 timer\n").utf8)
        do {
            let result = try TraceReplay.run(LineReader.source(bytes))
            Issue.record("replayed: \(result)")
        } catch {
            #expect("\(error)".contains(expected), "\(error)")
        }
    }

    @Test("No damage to a trace makes its replay do anything but differ or name a line")
    func fuzz() throws {
        try forEachSeed(count: 300) { random in
            var draw = random.split("damage")
            let world = Swarm(random).world(requests: 12)
            var bytes = text(of: try world.run(checks: .none).trace, world.configuration)
            for _ in 0..<draw.integer(in: 1...3) { damage(&bytes, &draw) }
            do {
                _ = try TraceReplay.run(LineReader.source(bytes))
            } catch is TraceProblem {}
        }
    }
}
