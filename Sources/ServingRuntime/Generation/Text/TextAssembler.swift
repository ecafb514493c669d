/// Turns the pieces of tokens into text that a client may see.
///
/// A token is any run of bytes: it may end in the middle of a character, and a stop string may begin in
/// one token and end in another. So bytes are held back as long as they could still be the beginning of
/// a stop string or of a character, and not a byte longer. What comes out does not depend on how the
/// bytes were split into pieces.
///
/// Of several stop strings the one that is complete first counts; of those that end together the
/// longest. Bytes that are no UTF-8 become U+FFFD, as the standard library does it.
package struct TextAssembler: Sendable {
    private let stops: [[UInt8]]
    private let longestStop: Int

    /// Bytes that came in and have not been given out.
    private var held: [UInt8] = []

    /// Bytes given out, counted as they came in.
    package private(set) var given = 0

    /// Position in the list of stop strings of the one that ended the text.
    package private(set) var matchedStop: Int?

    /// An assembler that has seen nothing; empty stop strings stop nothing.
    package init(stops: [String]) {
        self.stops = stops.map { Array($0.utf8) }
        longestStop = self.stops.map(\.count).max() ?? 0
    }

    /// Bytes that came in, given out or not.
    package var received: Int { given + held.count }

    /// Takes the bytes of one token and answers the text that has become certain. After a stop string
    /// was found nothing comes out any more.
    package mutating func append(_ piece: [UInt8]) -> String {
        guard matchedStop == nil else { return "" }
        let known = held.count
        held += piece
        if let (stop, start) = firstStop(endingAfter: known) {
            matchedStop = stop
            defer { held = [] }
            return give(start)
        }
        return give(min(possibleStop, held.startOfOpenCharacter))
    }

    /// Answers what was held back, because nothing follows.
    package mutating func finish() -> String { give(held.count) }

    private mutating func give(_ count: Int) -> String {
        guard count > 0 else { return "" }
        let text = String(decoding: held[..<count], as: UTF8.self)
        held.removeFirst(count)
        given += count
        return text
    }

    /// The stop string that is complete first among those that end behind `known` bytes, and where it
    /// starts.
    private func firstStop(endingAfter known: Int) -> (stop: Int, start: Int)? {
        guard longestStop > 0 else { return nil }
        for end in held.indices.dropFirst(known) {
            var best: (stop: Int, start: Int)?
            for (index, stop) in stops.enumerated() where !stop.isEmpty && stop.count <= end + 1 {
                let start = end + 1 - stop.count
                guard start < best?.start ?? .max, held[start...end].elementsEqual(stop) else {
                    continue
                }
                best = (index, start)
            }
            if let best { return best }
        }
        return nil
    }

    /// The first byte at which a stop string may have begun; the end when there is none.
    private var possibleStop: Int {
        for start in held.indices.suffix(max(longestStop - 1, 0)) {
            let tail = held[start...]
            if stops.contains(where: { $0.count > tail.count && $0.starts(with: tail) }) {
                return start
            }
        }
        return held.count
    }
}

extension Array where Element == UInt8 {
    /// Where a character begins that the bytes leave unfinished; the end when they leave none.
    ///
    /// Only what could still become a character counts: after `E0 41` no byte makes the first one
    /// right. The table is Unicode's 3-7, well-formed UTF-8 byte sequences.
    fileprivate var startOfOpenCharacter: Int {
        let continuation: ClosedRange<UInt8> = 0x80...0xBF
        var start = count
        while start > 0, count - start < 3 {
            start -= 1
            guard !continuation.contains(self[start]) else { continue }
            let length: Int
            let second: ClosedRange<UInt8>
            switch self[start] {
            case 0xC2...0xDF: (length, second) = (2, continuation)
            case 0xE0: (length, second) = (3, 0xA0...0xBF)
            case 0xED: (length, second) = (3, 0x80...0x9F)
            case 0xE1...0xEF: (length, second) = (3, continuation)
            case 0xF0: (length, second) = (4, 0x90...0xBF)
            case 0xF1...0xF3: (length, second) = (4, continuation)
            case 0xF4: (length, second) = (4, 0x80...0x8F)
            default: return count
            }
            let isWhole = count - start >= length
            let isRight = count - start < 2 || second.contains(self[start + 1])
            return isWhole || !isRight ? count : start
        }
        return count
    }
}
