internal import ServingModel

/// Reads one line word by word; words are separated by single blanks.
struct LineScanner {
    private var rest: ArraySlice<UInt8>

    init(_ line: ArraySlice<UInt8>) {
        rest = line
    }

    var isAtEnd: Bool { rest.isEmpty }

    /// The next word, or `nil` at the end of the line.
    mutating func next() -> Word? {
        guard !rest.isEmpty else { return nil }
        let end = rest.firstIndex(of: UInt8(ascii: " ")) ?? rest.endIndex
        let word = Word(bytes: rest[rest.startIndex..<end])
        rest = rest[min(end + 1, rest.endIndex)...]
        return word
    }

    /// The next word, which must be there.
    mutating func word(_ what: String) throws(LineProblem) -> Word {
        guard let word = next() else { throw LineProblem("the line ends before \(what)") }
        return word
    }

    /// Insists that nothing follows.
    func end() throws(LineProblem) {
        guard rest.isEmpty else {
            throw LineProblem(
                "\(Word(bytes: rest).quoted) at the end of the line; allowed: nothing")
        }
    }

    /// The rest of the line as `key=value` words in any order, each key at most once; a key alone is a
    /// mark, whose value is empty.
    mutating func fields(
        _ allowed: [String], _ take: (_ key: String, _ value: Word) throws(LineProblem) -> Void
    ) throws(LineProblem) {
        var seen: UInt64 = 0
        while let word = next() {
            let (key, value) = word.halves
            guard let index = allowed.firstIndex(of: key.text) else {
                throw LineProblem(
                    "unknown key \(key.quoted); allowed: \(allowed.joined(separator: ", "))")
            }
            guard seen & (1 << UInt64(index)) == 0 else {
                throw LineProblem("\(allowed[index]) stands twice; allowed: once")
            }
            seen |= 1 << UInt64(index)
            try take(allowed[index], value)
        }
    }
}

/// A part of a line.
struct Word {
    let bytes: ArraySlice<UInt8>

    var text: String { String(decoding: bytes, as: UTF8.self) }

    /// The word for a message: short, and without control characters.
    var quoted: String {
        let shown = bytes.prefix(40).map { (0x20...0x7E).contains($0) ? $0 : UInt8(ascii: "?") }
        return "'" + String(decoding: shown, as: UTF8.self) + (bytes.count > 40 ? "…'" : "'")
    }

    /// What stands before and after the first `=`.
    var halves: (key: Word, value: Word) {
        guard let split = bytes.firstIndex(of: UInt8(ascii: "=")) else {
            return (self, Word(bytes: bytes[bytes.endIndex...]))
        }
        return (Word(bytes: bytes[..<split]), Word(bytes: bytes[(split + 1)...]))
    }

    /// What stands between commas.
    var parts: [Word] {
        bytes.split(separator: UInt8(ascii: ","), omittingEmptySubsequences: false).map(
            Word.init(bytes:))
    }

    /// Digits as a number; `nil` for anything else, including what is too large.
    var digits: UInt64? {
        guard !bytes.isEmpty else { return nil }
        var number: UInt64 = 0
        for byte in bytes {
            guard (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) else { return nil }
            let (shifted, isLarge) = number.multipliedReportingOverflow(by: 10)
            let (sum, isLarger) = shifted.addingReportingOverflow(
                UInt64(byte - UInt8(ascii: "0")))
            guard !isLarge && !isLarger else { return nil }
            number = sum
        }
        return number
    }

    func number(_ what: String) throws(LineProblem) -> UInt64 {
        guard let digits else {
            throw LineProblem(
                "\(what) is \(quoted); allowed: a whole number from 0 to \(UInt64.max)")
        }
        return digits
    }

    func number(_ what: String, in range: ClosedRange<Int>) throws(LineProblem) -> Int {
        guard let digits, let number = Int(exactly: digits), range.contains(number) else {
            throw LineProblem(
                "\(what) is \(quoted); allowed: a whole number from \(range.lowerBound) to "
                    + "\(range.upperBound)")
        }
        return number
    }

    func requestID() throws(LineProblem) -> RequestID {
        let split = bytes.firstIndex(of: UInt8(ascii: ":"))
        let upper = split.map { Word(bytes: bytes[..<$0]).digits } ?? 0
        let lower = Word(bytes: split.map { bytes[($0 + 1)...] } ?? bytes).digits
        guard let upper, let lower, upper <= UInt32.max, lower <= UInt32.max else {
            throw LineProblem(
                "the request is \(quoted); allowed: NUMBER or NUMBER:NUMBER, each below 2^32")
        }
        return RequestID(upper << 32 | lower)
    }
}
