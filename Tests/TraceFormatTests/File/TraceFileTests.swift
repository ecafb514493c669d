import SchedulerCore
import SchedulerTesting
import ServingModel
import Simulator
import Testing
import TraceFormat

@Suite("A trace file")
struct TraceFileTests {
    @Test("Random runs are written and read back, whatever the chunks")
    func roundTrip() throws {
        try forEachSeed(count: 40) { random in
            var draw = random.split("chunks")
            let world = Swarm(random).world(requests: 80)
            let trace = try world.run(checks: .none).trace
            let origin = Instant(nanoseconds: draw.pick(0, 0, UInt64(draw.integer(in: 1...9))))
            let bytes = text(of: trace, world.configuration, origin: origin)
            let (items, isCut) = try items(bytes, chunks: draw.pick(1, 7, 4_096))
            try require(!isCut, "a whole trace counts as cut")
            guard case .scheduler(let header) = items.first else {
                Issue.record("seed \(random.seed): no header")
                return
            }
            try require(header.configuration == world.configuration, "another configuration")
            var again = Trace()
            for case .step(_, let step, _) in items { again.steps.append(step) }
            try require(again.canonicalText == trace.canonicalText, "other steps")
            try require(again.inputs == trace.inputs, "other events")
            try require(
                text(of: again, header.configuration, origin: origin) == bytes,
                "written again, the text differs")
        }
    }

    @Test("A file that was cut anywhere gives the steps that are whole, and says that it was cut")
    func cut() throws {
        let world = Swarm(Seeded(3)).world(requests: 12)
        let trace = try world.run(checks: .none).trace
        let bytes = text(of: trace, world.configuration)
        let title = bytes.firstIndex(of: UInt8(ascii: "\n")) ?? 0
        for length in 1..<bytes.count {
            let (items, isCut) = try items(Array(bytes[..<length]))
            // The title alone is a whole trace of nothing.
            #expect(isCut != (length == title + 1))
            var read: [Step] = []
            for case .step(_, let step, _) in items { read.append(step) }
            let whole = trace.steps.prefix(read.count).map(\.canonicalText)
            #expect(read.map(\.canonicalText) == whole)
        }
        // Only the step whose end nobody can know is left out.
        let withoutEnd = bytes.split(separator: UInt8(ascii: "\n")).dropLast().joined(
            separator: [UInt8(ascii: "\n")])
        #expect(try steps(Array(withoutEnd) + [10]).count == trace.steps.count - 1)
    }

    @Test("Several schedulers share a file, in turns, and one may start when another has ended")
    func several() throws {
        var writer = TraceWriter(origin: Instant(nanoseconds: 100))
        func step(_ time: UInt64) -> Step {
            Step(
                input: TimedEvent(at: Instant(nanoseconds: time), .timerFired), actions: [],
                members: [])
        }
        func header(_ number: Int, _ model: String) -> TraceHeader {
            TraceHeader(number: number, model: model, version: 3, configuration: .byHand())
        }
        writer.write(header(1, "a"))
        writer.write(header(2, "b"))
        writer.write(step(101), of: 1)
        writer.write(step(102), of: 2)
        writer.write(step(103), of: 1)
        writer.end(1)
        writer.remark("the first\nis done")
        writer.write(header(3, "a"))
        writer.write(step(104), of: 3)
        writer.end(2)
        writer.end(3)
        let items = try items(writer.bytes).items
        let order = items.map { item in
            switch item {
            case .scheduler(let header): "scheduler \(header.number) \(header.model)"
            case .step(let number, let step, _):
                "step \(number) at \(step.input.at.nanoseconds)"
            case .end(let end): "end \(end.number) \(end.steps)"
            }
        }
        #expect(
            order == [
                "scheduler 1 a", "scheduler 2 b", "step 1 at 101", "step 2 at 102",
                "step 1 at 103", "end 1 2", "scheduler 3 a", "step 3 at 104", "end 2 1",
                "end 3 1",
            ])
    }

    @Test("A line of text per request: what is usual is left out")
    func compact() throws {
        let arrival = Arrival(
            id: RequestID(12 << 32 | 345), priorityClass: ClassIndex(1),
            deadline: Instant(nanoseconds: 3_600_500_000_000), bytes: 3_136)
        let input = TimedEvent(at: Instant(nanoseconds: 3_600_000_000_000), .arrived(arrival))
        #expect(
            input.canonicalText == "3600000000000 arrived 12:345 class=1 due=+500000000 bytes=3136")
        #expect(input.canonicalText.utf8.count <= 80)
    }

    @Test(
        "A line that is not understood is named with what is allowed",
        arguments: [
            ("5 arived 1", "line 8: unknown event 'arived'; allowed: arrived, cancelled, "),
            ("x timer", "line 8: the time is 'x'; allowed: a whole number from 0 to "),
            ("5 arrived 1 rows=0", "rows is '0'; allowed: a whole number from 1 to "),
            ("5 arrived 1 rows=1 rows=2", "rows stands twice; allowed: once"),
            ("5 arrived 1 colour=red", "unknown key 'colour'; allowed: class, due, rows"),
            ("5 arrived 1 followed=no", "followed has the value 'no'; allowed: no value"),
            ("5 arrived 1 due=7", "due is '7'; allowed: + or - and nanoseconds"),
            ("5 arrived 1:2:3", "the request is '1:2:3'; allowed: NUMBER or NUMBER:NUMBER"),
            ("5 completed 0 perhaps", "the result is 'perhaps'; allowed: failure, or nothing"),
            ("5 timer now", "'now' at the end of the line; allowed: nothing"),
            ("5", "the line ends before the event"),
            ("5 timer\n  explode 1", "line 9: unknown action 'explode'; allowed: launch, "),
            ("5 timer\n  reject 1 boredom retry=1", "unknown reason 'boredom'; allowed: "),
            ("5 timer\n  launch batch=1", "a launch that lacks one of batch"),
            ("events 2", "'2' is no scheduler; allowed: one that was introduced"),
            ("end 1 steps=9 hash=0", "scheduler 1 should end after 0 steps"),
            ("scheduler 7 model=x", "the scheduler's number is '7'; allowed: 2"),
            ("scheduler 2 model=x\n  limits\nevents 2", "the configuration has no line 'class'"),
            ("scheduler 2 model=x\n  speed 1", "unknown part 'speed' of a configuration"),
            ("scheduler 2 model=x\n  policy best", "unknown policy 'best'; allowed: swb, static"),
            ("  cancelled 1", "an indented line stands alone"),
        ])
    func problems(lines: String, expected: String) {
        let text = smallHeader + lines + "\n"
        let message = problem(text) ?? "nothing"
        #expect(message.contains(expected), "\(message)")
    }

    @Test("Settings that a scheduler would refuse are named, too")
    func configurationProblem() {
        let text = smallHeader.replacing("weight=1", with: "weight=0")
        #expect(problem(text)?.hasSuffix("class only has weight 0 < 1") == true)
        #expect(problem("")?.contains("the file is empty") == true)
        #expect(problem("a,b\n")?.contains("not a trace of Headway") == true)
        #expect(problem("headway-trace 9\n")?.contains("version 9 of the format") == true)
    }
}
