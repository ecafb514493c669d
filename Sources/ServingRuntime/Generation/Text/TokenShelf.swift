/// Tokens that wait for their text.
///
/// A token is reported with the text in which its last byte is given out, so that the tokens of all
/// updates together spell the text of all updates together, and a token of which a stop string swallowed
/// every byte is not reported at all.
struct TokenShelf: Sendable {
    private struct Entry: Sendable {
        var token: GeneratedToken
        var start: Int
        var end: Int
    }

    private var entries: [Entry] = []

    /// Keeps a token whose bytes are the next `token.bytes.count` ones from `start` on.
    mutating func add(_ token: GeneratedToken, at start: Int) {
        entries.append(Entry(token: token, start: start, end: start + token.bytes.count))
    }

    /// Takes the tokens whose bytes were all given out.
    mutating func take(upTo given: Int) -> [GeneratedToken] {
        let count = entries.firstIndex { $0.end > given } ?? entries.count
        defer { entries.removeFirst(count) }
        return entries[..<count].map(\.token)
    }

    /// Takes the tokens of which any byte was given out, and forgets the others: nothing follows.
    mutating func finish(at given: Int) -> [GeneratedToken] {
        defer { entries = [] }
        return entries.filter { $0.start < given || $0.end <= given }.map(\.token)
    }
}
