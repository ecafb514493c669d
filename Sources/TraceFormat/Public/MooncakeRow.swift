internal import ServingModel

/// One line of a Mooncake trace: a JSON object with whole numbers under four names, and nothing else.
struct MooncakeRow {
    private static let names = ["timestamp", "input_length", "output_length", "hash_ids"]
    private static let mostBlocks = 1 << 20

    private let bytes: ArraySlice<UInt8>
    private var position: Int
    private var row = TraceRequest(at: .zero, inputTokens: 0, outputTokens: 0)
    private var seen: Set<String> = []

    static func request(_ line: ArraySlice<UInt8>) throws(LineProblem) -> TraceRequest {
        var reader = MooncakeRow(line)
        try reader.read()
        return reader.row
    }

    private init(_ line: ArraySlice<UInt8>) {
        bytes = line
        position = line.startIndex
    }

    private mutating func read() throws(LineProblem) {
        try expect("{")
        repeat { try readMember() } while take(",")
        try expect("}")
        skipBlanks()
        guard position == bytes.endIndex else { throw unexpected("the end of the line") }
        for name in Self.names.dropLast() where !seen.contains(name) {
            throw LineProblem("\(name) is missing")
        }
    }

    private mutating func readMember() throws(LineProblem) {
        try expect("\"")
        let start = position
        while position < bytes.endIndex, bytes[position] != UInt8(ascii: "\"") { position += 1 }
        let name = Word(bytes: bytes[start..<position])
        try expect("\"")
        guard Self.names.contains(name.text) else {
            throw LineProblem(
                "unknown name \(name.quoted); allowed: \(Self.names.joined(separator: ", "))")
        }
        guard seen.insert(name.text).inserted else {
            throw LineProblem("\(name.text) stands twice; allowed: once")
        }
        try expect(":")
        switch name.text {
        case "timestamp": row.at = .milliseconds(UInt64(try number(name.text, in: 0...1 << 50)))
        case "input_length": row.inputTokens = try number(name.text, in: PublicTrace.tokens)
        case "output_length": row.outputTokens = try number(name.text, in: PublicTrace.tokens)
        default: try readBlocks()
        }
    }

    private mutating func readBlocks() throws(LineProblem) {
        try expect("[")
        if take("]") { return }
        repeat {
            row.blocks.append(UInt64(try number("hash_ids", in: 0...Int.max)))
            guard row.blocks.count <= Self.mostBlocks else {
                throw LineProblem("more than \(Self.mostBlocks) hash_ids")
            }
        } while take(",")
        try expect("]")
    }

    private mutating func number(
        _ what: String, in range: ClosedRange<Int>
    ) throws(LineProblem) -> Int {
        skipBlanks()
        let start = position
        while position < bytes.endIndex, !" ,]}".utf8.contains(bytes[position]) { position += 1 }
        return try Word(bytes: bytes[start..<position]).number(what, in: range)
    }

    private mutating func skipBlanks() {
        while position < bytes.endIndex, bytes[position] == UInt8(ascii: " ") { position += 1 }
    }

    /// Passes over a character if it comes next.
    private mutating func take(_ character: Unicode.Scalar) -> Bool {
        skipBlanks()
        guard position < bytes.endIndex, bytes[position] == UInt8(ascii: character) else {
            return false
        }
        position += 1
        return true
    }

    private mutating func expect(_ character: Unicode.Scalar) throws(LineProblem) {
        guard take(character) else { throw unexpected("'\(character)'") }
    }

    private func unexpected(_ allowed: String) -> LineProblem {
        let rest = Word(bytes: bytes[position...])
        return LineProblem(
            rest.bytes.isEmpty
                ? "the line ends before \(allowed)"
                : "\(rest.quoted) in column \(position - bytes.startIndex + 1); allowed: \(allowed)"
        )
    }
}
