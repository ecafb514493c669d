/// Cuts a stream of byte chunks into lines without ever holding more than one line and one chunk.
package struct LineReader {
    /// Where bytes come from: a chunk at a time, empty at the end.
    package typealias Source = () throws -> [UInt8]

    /// Longest line in bytes: a launch of a hundred thousand requests is not longer.
    package static let longestLine = 4 << 20

    /// One line without its line break.
    struct Line {
        var bytes: ArraySlice<UInt8>
        /// Counted from 1.
        var number: Int
        /// Whether the line break was there; the last line of a file that was cut has none.
        var isWhole: Bool
    }

    private let source: Source
    private var chunk: ArraySlice<UInt8> = []
    private var isAtEnd = false
    /// Lines read so far.
    private(set) var number = 0

    init(_ source: @escaping Source) {
        self.source = source
    }

    /// The next line, `nil` at the end. A carriage return before the line break is not part of it.
    mutating func next() throws -> Line? {
        var start: ArraySlice<UInt8> = []
        while true {
            if let end = chunk.firstIndex(of: UInt8(ascii: "\n")) {
                let line = start.isEmpty ? chunk[..<end] : start + chunk[..<end]
                chunk = chunk[(end + 1)...]
                return try finish(line, isWhole: true)
            }
            start = start.isEmpty ? chunk : start + chunk
            chunk = []
            try check(start, number: number + 1)
            if !isAtEnd {
                chunk = try source()[...]
                isAtEnd = chunk.isEmpty
            }
            if isAtEnd { return start.isEmpty ? nil : try finish(start, isWhole: false) }
        }
    }

    private mutating func finish(_ line: ArraySlice<UInt8>, isWhole: Bool) throws -> Line {
        number += 1
        try check(line, number: number)
        let isPlain = line.last != UInt8(ascii: "\r")
        return Line(bytes: isPlain ? line : line.dropLast(), number: number, isWhole: isWhole)
    }

    private func check(_ line: ArraySlice<UInt8>, number: Int) throws {
        guard line.count <= Self.longestLine else {
            throw TraceProblem(
                line: number, "longer than \(Self.longestLine) bytes; allowed: a text of lines")
        }
    }
}

extension LineReader {
    /// A source of bytes that are all there, in chunks of `size`.
    package static func source(_ bytes: [UInt8], chunks size: Int = 65_536) -> Source {
        var position = 0
        return {
            let end = min(position + max(size, 1), bytes.count)
            defer { position = end }
            return Array(bytes[position..<end])
        }
    }
}
