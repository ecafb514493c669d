internal import ServingModel

/// Reads a public trace row by row, however long it is. Times count from the first row and never run
/// backwards.
package struct PublicTraceReader {
    /// What becomes of a row that is not understood.
    package enum MalformedRows: Sendable {
        /// It is left out and counted.
        case skip
        /// It ends the reading.
        case stop
    }

    /// The format.
    package let format: PublicTrace

    /// Rows that were left out.
    package private(set) var skipped = 0

    /// What was wrong with the first rows that were left out.
    package private(set) var problems: [TraceProblem] = []

    /// Problems that are kept; more are counted only.
    package static let mostProblems = 100

    private let malformed: MalformedRows
    private var lines: LineReader
    private var first: Interval?
    private var last = Interval.zero
    private var isTitleRead = false

    /// A reader of the bytes of `source`.
    package init(
        _ format: PublicTrace, malformed: MalformedRows = .stop,
        _ source: @escaping LineReader.Source
    ) {
        self.format = format
        self.malformed = malformed
        lines = LineReader(source)
    }

    /// The next row, `nil` at the end.
    ///
    /// - Throws: ``TraceProblem`` for a file that is not in this format and, if wished, for a row that is
    ///   not understood; and what the source throws.
    package mutating func next() throws -> PublicTrace.Row? {
        while let line = try lines.next() {
            if !isTitleRead, let title = format.title {
                isTitleRead = true
                guard line.bytes.elementsEqual(title.utf8) else {
                    let found = Word(bytes: line.bytes).quoted
                    throw TraceProblem(
                        line: line.number, "the first line is \(found); allowed: \(title)")
                }
                continue
            }
            if line.bytes.isEmpty { continue }
            do throws(LineProblem) {
                return try row(line.bytes)
            } catch {
                try report(TraceProblem(line: line.number, error.description))
            }
        }
        if !isTitleRead, let title = format.title {
            throw TraceProblem(line: 1, "the file is empty; allowed: \(title)")
        }
        return nil
    }

    private mutating func row(_ line: ArraySlice<UInt8>) throws(LineProblem) -> PublicTrace.Row {
        var row = try format.row(line)
        let start = first ?? row.at
        guard row.at >= start, row.at - start >= last else {
            throw LineProblem("the row is earlier than the one before")
        }
        first = start
        last = row.at - start
        row.at = last
        return row
    }

    private mutating func report(_ problem: TraceProblem) throws {
        guard case .skip = malformed else { throw problem }
        skipped += 1
        if problems.count < Self.mostProblems { problems.append(problem) }
    }
}
