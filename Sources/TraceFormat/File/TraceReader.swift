package import ServingModel

/// Reads a trace item by item, however long it is.
///
/// A line that is not understood ends the reading with its number, what stands there and what is
/// allowed. A file that was cut, because the machine or the disk failed, is read up to the last step
/// that is certainly whole.
package struct TraceReader {
    /// What a trace consists of.
    package enum Item: Sendable, Equatable {
        /// A scheduler is introduced.
        case scheduler(TraceHeader)
        /// A scheduler made a step; `line` is the line of its event.
        case step(Int, Step, line: Int)
        /// A scheduler came to its end, and all of its steps were there.
        case end(TraceEnd)
    }

    private struct Progress {
        var steps = 0
        var hash = StableHash()
        var hasEnded = false
    }

    private enum State {
        case beforeTitle
        case outside
        case configuration(TraceHeader, ConfigurationReader)
        case events(Int)
    }

    private var lines: LineReader
    private var state = State.beforeTitle
    private var schedulers: [Progress] = []
    private var pending: (number: Int, step: Step, line: Int)?
    /// Items that one line completed, the next one last.
    private var ready: [Item] = []
    private var text = TextWriter()

    /// What times count from.
    package private(set) var origin = Instant.origin

    /// Whether the trace ended before its time: the last line has no line break, or a scheduler no
    /// `end`. Meaningful when everything was read.
    package private(set) var isCut = false

    /// Most schedulers in one file.
    private static let mostSchedulers = 1 << 16

    /// A reader of the bytes of `source`.
    package init(_ source: @escaping LineReader.Source) {
        lines = LineReader(source)
    }

    /// The next item, `nil` at the end.
    ///
    /// - Throws: ``TraceProblem``, or what the source throws.
    package mutating func next() throws -> Item? {
        while true {
            if let item = ready.popLast() { return item }
            guard let line = try lines.next() else { return try finish() }
            guard line.isWhole else {
                isCut = true
                continue
            }
            do throws(LineProblem) {
                try read(line.bytes, line.number)
            } catch {
                throw TraceProblem(line: line.number, error.description)
            }
        }
    }

    private mutating func finish() throws -> Item? {
        if case .beforeTitle = state, !isCut {
            throw TraceProblem(line: 1, "the file is empty; allowed: a trace")
        }
        isCut = isCut || schedulers.contains { !$0.hasEnded }
        pending = nil
        return nil
    }

    // MARK: Lines

    private mutating func read(_ line: ArraySlice<UInt8>, _ number: Int) throws(LineProblem) {
        if case .beforeTitle = state { return try readTitle(line) }
        if line.isEmpty || line.first == UInt8(ascii: "#") { return }
        if line.starts(with: "  ".utf8) { return try readIndented(line.dropFirst(2)) }
        try closeConfiguration()
        settle()
        var scanner = LineScanner(line)
        let name = try scanner.word("the line's name")
        switch name.text {
        case "scheduler": try readScheduler(&scanner)
        case "events": try readEvents(&scanner)
        case "end": try readEnd(&scanner)
        default:
            guard case .events(let owner) = state else {
                throw LineProblem(
                    "unknown line \(name.quoted); allowed: scheduler, events, end, #")
            }
            let input = try TimedEvent(line, since: origin)
            pending = (owner, Step(input: input, actions: [], members: []), number)
        }
    }

    private mutating func readTitle(_ line: ArraySlice<UInt8>) throws(LineProblem) {
        var scanner = LineScanner(line)
        guard let name = scanner.next(), name.text == "headway-trace" else {
            throw LineProblem("not a trace of Headway; allowed: headway-trace VERSION")
        }
        let version = try scanner.word("the version").number("the version")
        guard version == UInt64(TraceWriter.version) else {
            throw LineProblem(
                "version \(version) of the format; allowed: \(TraceWriter.version)")
        }
        var start: UInt64 = 0
        try scanner.fields(["origin"]) { key, value throws(LineProblem) in
            start = try value.number(key)
        }
        origin = Instant(nanoseconds: start)
        state = .outside
    }

    private mutating func readIndented(_ line: ArraySlice<UInt8>) throws(LineProblem) {
        if case .configuration(let header, var reader) = state {
            try reader.read(line)
            state = .configuration(header, reader)
        } else if pending != nil {
            try pending?.step.read(action: line)
        } else {
            throw LineProblem("an indented line stands alone; allowed: below a scheduler or event")
        }
    }

    private mutating func readScheduler(_ scanner: inout LineScanner) throws(LineProblem) {
        let number = schedulers.count + 1
        let word = try scanner.word("the scheduler's number")
        guard word.digits == UInt64(number), number <= Self.mostSchedulers else {
            throw LineProblem("the scheduler's number is \(word.quoted); allowed: \(number)")
        }
        var header = TraceHeader(
            number: number, model: "", version: 1, configuration: ConfigurationReader.empty)
        try scanner.fields(["model", "version"]) { key, value throws(LineProblem) in
            if key == "version" {
                header.version = try value.number(key, in: 0...Int.max)
            } else if let name = String(word: value.text) {
                header.model = name
            } else {
                throw LineProblem("\(key) is \(value.quoted); allowed: \(String.form)")
            }
        }
        schedulers.append(Progress())
        state = .configuration(header, ConfigurationReader())
    }

    private mutating func readEvents(_ scanner: inout LineScanner) throws(LineProblem) {
        state = .events(try known(&scanner))
        try scanner.end()
    }

    private mutating func readEnd(_ scanner: inout LineScanner) throws(LineProblem) {
        let number = try known(&scanner)
        let progress = schedulers[number - 1]
        var end = TraceEnd(number: number, steps: 0, hash: "")
        try scanner.fields(["steps", "hash"]) { key, value throws(LineProblem) in
            if key == "steps" {
                end.steps = try value.number(key, in: 0...Int.max)
            } else {
                end.hash = value.text
            }
        }
        guard end.steps == progress.steps, end.hash == progress.hash.hexadecimal else {
            throw LineProblem(
                "scheduler \(number) should end after \(progress.steps) steps with hash "
                    + "\(progress.hash.hexadecimal), not after \(end.steps) with another: the trace "
                    + "was changed, or a part of it is missing")
        }
        schedulers[number - 1].hasEnded = true
        state = .outside
        ready.insert(.end(end), at: 0)
    }

    private func known(_ scanner: inout LineScanner) throws(LineProblem) -> Int {
        let word = try scanner.word("a scheduler's number")
        guard let digits = word.digits, let number = Int(exactly: digits),
            schedulers.indices.contains(number - 1), !schedulers[number - 1].hasEnded
        else {
            throw LineProblem(
                "\(word.quoted) is no scheduler; allowed: one that was introduced and has not ended"
            )
        }
        return number
    }

    /// The configuration ends with the first line that is not indented.
    private mutating func closeConfiguration() throws(LineProblem) {
        guard case .configuration(var header, let reader) = state else { return }
        header.configuration = try reader.finish()
        state = .outside
        ready.insert(.scheduler(header), at: 0)
    }

    /// The step that was being read is whole: another line has begun.
    private mutating func settle() {
        guard let (number, step, line) = pending else { return }
        pending = nil
        text.removeAll()
        text.write(step, since: origin)
        schedulers[number - 1].steps += 1
        schedulers[number - 1].hash.combine(text.bytes)
        ready.insert(.step(number, step, line: line), at: 0)
    }
}
