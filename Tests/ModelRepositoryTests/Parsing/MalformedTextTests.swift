import ModelRepository
import Testing

@Suite struct MalformedTextTests {
    /// A text, and what its error must say.
    struct Case: Sendable, CustomTestStringConvertible {
        let text: String
        let field: String
        let line: Int
        let column: Int
        let fragment: String

        init(_ text: String, _ field: String, _ line: Int, _ column: Int, _ fragment: String) {
            self.text = text
            self.field = field
            self.line = line
            self.column = column
            self.fragment = fragment
        }

        var testDescription: String { text }
    }

    static let cases: [Case] = [
        Case("max_batch: 3", "max_batch", 1, 1, "unknown field"),
        Case("name: \"m\"\n  max_batchsize: 3", "max_batchsize", 2, 3, "unknown field"),
        Case("# é\nname: \"é\" bogus: 1", "bogus", 2, 11, "unknown field"),
        Case("input {\n name: \"x\"\n dimz: [1]\n}", "input[0].dimz", 3, 2, "unknown field"),
        Case(
            "input [\n{ name: 'x' },\n{ name: 'y', type: 1 }\n]", "input[1].type", 3, 14,
            "unknown field"),
        Case(
            "input { name: 'x' }\ninput { nam: 'x' }", "input[1].nam", 2, 9, "unknown field"),
        Case(
            "input { data_type: TYPE_FLOAT }", "input[0].data_type", 1, 9,
            "`data_type: TYPE_FLOAT`"),
        Case(
            "input { dims: [1,\n 2,\n x] }", "input[0].dims[2]", 3, 2, "not a number"),
        Case("max_batch_size: 3000000000", "max_batch_size", 1, 1, "not a number"),
        Case("max_batch_size: \"3\"", "max_batch_size", 1, 1, "`max_batch_size: \"3\"`"),
        Case("name: 3", "name", 1, 1, "`name: 3`"),
        Case("name: [\"m\"]", "name", 1, 1, "name"),
        Case("max_batch_size { }", "max_batch_size", 1, 1, "max_batch_size"),
        Case("input: 3", "input[0]", 1, 1, "input"),
        Case(
            "dynamic_batching {}\nsequence_batching {}", "sequence_batching", 2, 1,
            "another field that is set already"),
        Case(
            "name: 'm'\nparameters { key: 'a' valu { string_value: 'b' } }", "parameters", 2, 1,
            "parameters { key: 'a' valu"),
        Case(
            "parameters { key: 'a' value { string_value: 'b' } }\nnome: 'm'", "nome", 2, 1,
            "unknown field"),
        Case("parameters { key: 'a' value { ", "", 1, 29, "never closed"),
        Case("parameters { key: 'a' @", "", 1, 23, "field name is expected"),
        Case("[some.extension]: 3", "[some.extension]", 1, 1, "[some.extension]"),
        Case("input {\n name: 'x'\n", "", 1, 7, "never closed"),
        Case("input {\n name: 'x'\n]", "", 3, 1, "closes nothing"),
        Case("name: 'm'\n}", "", 2, 1, "closes nothing that is open (after the field name)"),
        Case("name: 'm\nmax_batch_size: 1", "", 1, 7, "not closed on its line"),
        Case("name: \"m\\", "", 1, 7, "not closed"),
        Case("name:", "", 1, 1, "no value"),
        Case("name: 'm' name", "", 1, 11, "no value"),
        Case("name: 'm' @", "", 1, 11, "field name is expected"),
        Case("name: @", "", 1, 7, "value is expected"),
        Case("input [ 'x', [ ] ]", "input[0]", 1, 9, "input"),
    ]

    @Test("An error in the text names the field, the line and the column", arguments: cases)
    func location(_ item: Case) throws {
        let error = try #require(failure(item.text))
        let problem = try #require(error.problems.first)
        #expect(error.problems.count == 1)
        #expect(problem.kind == .malformed)
        #expect(problem.field == item.field)
        #expect(problem.location?.file == "config.pbtxt")
        #expect(problem.location?.line == item.line)
        #expect(problem.location?.column == item.column)
        #expect("\(error)".contains(item.fragment), "\(error)")
    }

    @Test("The fault is found in the middle of a long text")
    func longText() throws {
        var lines = (0..<5_000).map {
            "input { name: \"x\($0)\" data_type: TYPE_FP32 dims: [ \($0 + 1) ] }"
        }
        lines[3_210] = "input { name: \"odd\" data_type: TYPE_FP32 dim: [ 1 ] }"
        let problem = try #require(failure(lines.joined(separator: "\n"))?.problems.first)
        #expect(problem.field == "input[3210].dim")
        #expect(problem.location?.line == 3_211)
    }

    @Test(
        "Wherever an unknown field is put, its line is named, or that of the map entry around it",
        arguments: Examples.all)
    func everyLine(_ example: String) throws {
        let text = try ModelConfiguration(
            pbtxt: example, directoryName: example.contains("\"resnet\"") ? "resnet" : "m"
        ).pbtxt()
        let lines = text.split(separator: "\n")
        let maps = ["parameters {", "inputs {", "priority_queue_policy {"]
        var mapLine: (number: Int, indent: Int)?
        for number in 0...lines.count {
            if number > 0 {
                let line = lines[number - 1]
                let indent = line.prefix { $0 == " " }.count
                if let map = mapLine, indent == map.indent { mapLine = nil }
                if mapLine == nil, maps.contains(String(line.dropFirst(indent))) {
                    mapLine = (number, indent)
                }
            }
            var damaged = lines
            damaged.insert("zzz: 1", at: number)
            let error = try #require(failure(damaged.joined(separator: "\n")))
            let expected = mapLine?.number ?? number + 1
            #expect(error.problems.first?.location?.line == expected, "\(damaged)")
        }
    }

    @Test("Bytes that are not UTF-8 are refused with their place")
    func notUTF8() throws {
        let bytes = Array("name: \"m\"\nplatform: \"".utf8) + [0xFF, 0xFE] + Array("\"".utf8)
        #expect {
            _ = try ModelConfiguration(pbtxt: bytes, file: "c", directoryName: "m")
        } throws: { error in
            "\(error)" == "c:2:12: not UTF-8 text"
        }
    }

    @Test("A text over the limit is refused without being read")
    func tooLong() throws {
        let text = String(repeating: "#", count: 5 << 20)
        let error = try #require(failure(text))
        #expect("\(error)".contains("5242880 bytes are more than the 4194304 allowed"))
    }

    @Test("A megabyte of garbage is an error, whatever it looks like")
    func garbage() throws {
        let size = 1 << 20
        let pieces = [
            "a", "{", "a{", "[", "<", "input{", "input[", "\"", "'", "\\", ":", "a:1 ", "}",
            "input{dims:[", "parameters{", "\0", "input {} ", "a:[", "-", "dims: 1 ",
        ]
        for piece in pieces {
            let text = String(repeating: piece, count: size / piece.utf8.count)
            let error = try #require(failure(text), "\(piece)")
            #expect("\(error)".utf8.count < 10_000)
        }
    }

    @Test("Deep nesting is an error, not a crash")
    func deepNesting() throws {
        for depth in [10, 63, 64, 65, 100, 101, 100_000] {
            for open in ["a {", "input {", "input [", "optimization { cuda { "] {
                let error = try #require(failure(String(repeating: open, count: depth)))
                #expect(error.problems.first?.kind == .malformed)
            }
        }
        let deepJSON =
            String(repeating: #"{"optimization":"#, count: 50_000)
            + String(repeating: "}", count: 50_000)
        #expect(throws: ConfigurationError.self) {
            try ModelConfiguration(json: deepJSON, directoryName: "m")
        }
    }

    @Test("Random bytes and damaged configurations end in a value or an error", arguments: 0..<40)
    func damaged(_ seed: Int) {
        var random = SeededGenerator(seed: UInt64(seed))
        var bytes = Array(Examples.all[seed % Examples.all.count].utf8)
        if bytes.isEmpty {
            bytes = (0..<2_000).map { _ in .random(in: 0...255, using: &random) }
        }
        for _ in 0..<20 {
            let place = Int.random(in: 0..<bytes.count, using: &random)
            switch Int.random(in: 0..<3, using: &random) {
            case 0: bytes[place] = .random(in: 0...127, using: &random)
            case 1: bytes.remove(at: place)
            default:
                let piece = Array("{}[]:\"#,1a".utf8).randomElement(using: &random)
                bytes.insert(piece ?? 0, at: place)
            }
            do {
                _ = try ModelConfiguration(pbtxt: bytes, file: "f", directoryName: nil)
            } catch {
                let isPlaced = error.problems.allSatisfy { $0.location != nil }
                #expect(!error.problems.isEmpty && isPlaced, "seed \(seed)")
            }
        }
    }
}
