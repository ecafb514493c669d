import Foundation
import SchedulerTesting
import ServingModel
import Simulator
import Testing
import TraceFormat

@Suite("Public traces")
struct PublicTraceTests {
    /// All rows of a text, and what was left out.
    private func read(
        _ format: PublicTrace, _ lines: String..., skipping: Bool = false, chunks: Int = 7
    ) throws -> (rows: [PublicTrace.Row], skipped: Int, problems: [String]) {
        let text = lines.joined(separator: "\n")
        var reader = PublicTraceReader(
            format, malformed: skipping ? .skip : .stop,
            LineReader.source(Array(text.utf8), chunks: chunks))
        var rows: [PublicTrace.Row] = []
        while let row = try reader.next() { rows.append(row) }
        return (rows, reader.skipped, reader.problems.map(\.description))
    }

    private func message(_ format: PublicTrace, _ lines: String) -> String {
        do {
            _ = try read(format, lines)
            return "nothing"
        } catch {
            return "\(error)"
        }
    }

    private func request(
        _ at: Interval, _ input: Int, _ output: Int, _ blocks: [UInt64] = []
    ) throws -> PublicTrace.Row {
        let line =
            "{\"timestamp\": \(at.nanoseconds / 1_000_000), \"input_length\": \(input), "
            + "\"output_length\": \(output), \"hash_ids\": \(blocks)}"
        // Another format spells the same request; the first row only sets the time.
        let zero = "{\"timestamp\": 0, \"input_length\": 0, \"output_length\": 0}"
        guard let row = try read(.mooncake, zero, line).rows.last else {
            throw TraceProblem(line: 1, "no row")
        }
        return row
    }

    @Test(
        "Azure's rows count from the first one, to a tenth of a microsecond, with CR LF or without")
    func azure() throws {
        let rows = try read(
            .azureLLM, "TIMESTAMP,ContextTokens,GeneratedTokens\r",
            "2024-02-28 23:59:59.9799600,4808,10\r", "2024-02-29 00:00:00.0319601,3180,8",
            "2024-03-01 00:00:00,7,0", "2025-01-01 00:00:00.5,1,1", ""
        ).rows
        #expect(rows.count == 4)
        let first = try request(.zero, 4_808, 10)
        #expect(rows[0] == first)
        #expect(rows[1].at == Interval(nanoseconds: 52_000_100))
        // The last fraction of February 28th, and the leap day.
        let day: UInt64 = 86_400_000_000_000
        #expect(rows[2].at.nanoseconds == day + 20_040_000)
        #expect(rows[3].at.nanoseconds == 307 * day + 520_040_000)
    }

    @Test("Mooncake's rows hold their blocks, names in any order")
    func mooncake() throws {
        let rows = try read(
            .mooncake,
            "{\"timestamp\": 1000, \"input_length\": 6758, \"output_length\": 500, "
                + "\"hash_ids\": [0, 1, 18446744]}",
            "{ \"hash_ids\":[],\"output_length\":3,\"input_length\":2,\"timestamp\":1027 }"
        ).rows
        let expected = [
            try request(.zero, 6_758, 500, [0, 1, 18_446_744]),
            try request(.milliseconds(27), 2, 3),
        ]
        #expect(rows == expected)
    }

    @Test("Rates are per second; NAB counts five minutes")
    func rates() throws {
        let serveGen = try read(
            .serveGen, "t_seconds,requests_per_second", "0,212.780000", "600,179.5")
        let nab = try read(
            .nab, "timestamp,value", "2014-04-10 00:04:00,94.0", "2014-04-10 00:09:00,6")
        func rates(_ rows: [PublicTrace.Row]) -> [[Double]] {
            rows.compactMap { row in
                guard case .rate(let rate) = row else { return nil }
                return [rate.at.seconds, rate.perSecond]
            }
        }
        let perSecond: [[Double]] = [[0, 212.78], [600, 179.5]]
        let perFiveMinutes: [[Double]] = [[0, 94.0 / 300], [300, 6.0 / 300]]
        #expect(rates(serveGen.rows) == perSecond)
        #expect(rates(nab.rows) == perFiveMinutes)
    }

    @Test(
        "A malformed row is named with its line, what stands there and what is allowed",
        arguments: [
            (PublicTrace.azureLLM, "2023-02-29 00:00:00,1,1", "the time is '2023-02-29 00:00:00'"),
            (.azureLLM, "2023-11-16 18:17:03.,1,1", "the time is '2023-11-16 18:17:03.'"),
            (
                .azureLLM, "2023-11-16 18:17:03,-1,1",
                "ContextTokens is '-1'; allowed: a whole number"
            ),
            (.azureLLM, "2023-11-16 18:17:03,1", "2 columns; allowed: 3"),
            (.serveGen, "0,nan", "requests_per_second is 'nan'; allowed: a number from 0"),
            (.nab, "yesterday,5", "the time is 'yesterday'"),
            (.mooncake, "{\"timestamp\": 1.5}", "timestamp is '1.5'; allowed: a whole number"),
            (.mooncake, "{\"timestamp\": 1}", "input_length is missing"),
            (.mooncake, "{\"timestamp\": 1, \"timestamp\": 1}", "timestamp stands twice"),
            (.mooncake, "{\"model\": 1}", "unknown name 'model'; allowed: timestamp"),
            (.mooncake, "{\"hash_ids\": [1,", "hash_ids is ''"),
            (.mooncake, "{\"hash_ids\": [1", "the line ends before ']'"),
            (.mooncake, "[]", "'[]' in column 1; allowed: '{'"),
        ])
    func malformed(format: PublicTrace, row: String, expected: String) throws {
        let title = format.title.map { $0 + "\n" } ?? ""
        let line = format.title == nil ? 1 : 2
        let text = message(format, title + row + "\n")
        #expect(text.hasPrefix("line \(line): ") && text.contains(expected), "\(text)")
    }

    @Test("Malformed rows can be left out: they are counted, and those around them are read")
    func skipping() throws {
        let result = try read(
            .serveGen, "t_seconds,requests_per_second", "0,1", "x,2", "600,3", "300,4", "900,5",
            skipping: true)
        #expect(result.rows.map(\.at.seconds) == [0, 600, 900])
        #expect(result.skipped == 2)
        #expect(result.problems.map { String($0.prefix(7)) } == ["line 3:", "line 5:"])
        #expect(message(.nab, "time,value\n").contains("the first line is 'time,value'; allowed: "))
        #expect(message(.nab, "") == "line 1: the file is empty; allowed: timestamp,value")
    }

    @Test("The first line tells the format")
    func detection() {
        for format in PublicTrace.allCases {
            let title = format.title ?? "{\"timestamp\": 0}"
            #expect(PublicTrace(beginning: Array((title + "\r\n1,2").utf8)) == format)
        }
        #expect(PublicTrace(beginning: Array("a,b\n".utf8)) == nil)
        #expect(PublicTrace(beginning: []) == nil)
    }

    @Test("No damage makes a reader do anything but read or name a line")
    func fuzz() throws {
        let texts = [
            (
                PublicTrace.azureLLM,
                "TIMESTAMP,ContextTokens,GeneratedTokens\n2023-11-16 18:17:03.97,1,2\n"
            ),
            (
                .mooncake,
                "{\"timestamp\": 1, \"input_length\": 2, \"output_length\": 3, \"hash_ids\": [4]}\n"
            ),
            (.serveGen, "t_seconds,requests_per_second\n0,2.5\n600,1e3\n"),
            (.nab, "timestamp,value\n2014-04-10 00:04:00,94.0\n2014-04-10 00:09:00,6\n"),
        ]
        try forEachSeed(count: 400) { random in
            var draw = random
            for (format, text) in texts {
                var bytes = Array(text.utf8)
                for _ in 0..<draw.integer(in: 1...3) { damage(&bytes, &draw) }
                var reader = PublicTraceReader(
                    format, malformed: draw.pick(.skip, .stop), LineReader.source(bytes))
                do {
                    while let row = try reader.next() { _ = row.at }
                } catch is TraceProblem {}
            }
        }
    }

    @Test(
        "The published files are read whole",
        arguments: [
            ("azure_llm_2023_code.csv", PublicTrace.azureLLM, 8_819, 3_400.0...3_600),
            ("servegen_rate_m-large.csv", .serveGen, 2_016, 1_209_000.0...1_209_600),
            ("mooncake_conversation_first1500.jsonl", .mooncake, 1_500, 1.0...1_000),
            ("nab_elb_request_count_8c0756.csv", .nab, 4_032, 1_209_000.0...1_212_000),
        ])
    func publishedFiles(
        name: String, format: PublicTrace, count: Int, seconds: ClosedRange<Double>
    ) throws {
        // The files are not part of the project; they lie beside it where somebody put them there.
        let project = URL(filePath: #filePath).appending(path: "../../../..").standardizedFileURL
        let file = project.appending(path: "../shared/traces/\(name)").standardizedFileURL
        guard let data = FileManager.default.contents(atPath: file.path) else { return }
        #expect(PublicTrace(beginning: Array(data.prefix(200))) == format)
        var reader = PublicTraceReader(format, LineReader.source(Array(data)))
        var rows = 0
        var last = Interval.zero
        while let row = try reader.next() {
            rows += 1
            last = row.at
        }
        #expect(rows == count)
        #expect(seconds.contains(last.seconds), "\(last.seconds)")
    }
}
