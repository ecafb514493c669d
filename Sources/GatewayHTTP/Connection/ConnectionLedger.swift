internal import Synchronization
internal import Telemetry

/// What all connections of the server hold together, and which of them it had to cut or refuse. One for
/// the server, used by every event loop.
package final class ConnectionLedger: Sendable {
    /// Bytes of a body that are let in whatever others hold: under attack, small requests are served.
    static let freeBodyBytes = 16 << 10

    private let mostBodyBytes: Int
    private let mostStreams: Int

    private let connections = Atomic(0)
    private let bodyBytes = Atomic(0)
    private let streams = Atomic(0)
    private let slowSenders = Atomic(UInt64(0))
    private let slowReaders = Atomic(UInt64(0))
    private let refusedBodies = Atomic(UInt64(0))
    private let refusedStreams = Atomic(UInt64(0))

    /// - Parameters:
    ///   - mostBodyBytes: Bytes of bodies that are not whole yet, over all connections.
    ///   - mostStreams: Answers with generated text that are under way.
    package init(mostBodyBytes: Int = .max, mostStreams: Int = .max) {
        self.mostBodyBytes = mostBodyBytes
        self.mostStreams = mostStreams
    }

    // MARK: Connections

    func opened() { connections.add(1, ordering: .relaxed) }
    func closed() { connections.subtract(1, ordering: .relaxed) }
    func cutSlowSender() { slowSenders.add(1, ordering: .relaxed) }
    func cutSlowReader() { slowReaders.add(1, ordering: .relaxed) }

    // MARK: Bodies

    /// Takes room for `count` bytes; false, and a refusal is counted, when there is not enough.
    func reserveBody(_ count: Int) -> Bool {
        guard Self.take(count, of: bodyBytes, most: mostBodyBytes) else {
            refusedBodies.add(1, ordering: .relaxed)
            return false
        }
        return true
    }

    /// Gives room back.
    func releaseBody(_ count: Int) { bodyBytes.subtract(count, ordering: .relaxed) }

    // MARK: Streams

    /// A place for one answer with generated text, given back when it is let go; `nil`, and a refusal is
    /// counted, when there is none.
    func takeStream() -> StreamPlace? {
        guard Self.take(1, of: streams, most: mostStreams) else {
            refusedStreams.add(1, ordering: .relaxed)
            return nil
        }
        return StreamPlace(self)
    }

    fileprivate func endStream() { streams.subtract(1, ordering: .relaxed) }

    private static func take(_ count: Int, of taken: borrowing Atomic<Int>, most: Int) -> Bool {
        guard taken.add(count, ordering: .relaxed).newValue <= most else {
            taken.subtract(count, ordering: .relaxed)
            return false
        }
        return true
    }

    // MARK: Reading

    /// The present figures.
    var figures: ConnectionFigures {
        ConnectionFigures(
            open: UInt64(clamping: connections.load(ordering: .relaxed)),
            bodyBytes: UInt64(clamping: bodyBytes.load(ordering: .relaxed)),
            streams: UInt64(clamping: streams.load(ordering: .relaxed)),
            cut: [
                .slowSender: slowSenders.load(ordering: .relaxed),
                .slowReader: slowReaders.load(ordering: .relaxed),
            ],
            refused: [
                .bodies: refusedBodies.load(ordering: .relaxed),
                .streams: refusedStreams.load(ordering: .relaxed),
            ])
    }
}

/// The right to have one answer with generated text under way.
final class StreamPlace: Sendable {
    private let ledger: ConnectionLedger

    fileprivate init(_ ledger: ConnectionLedger) {
        self.ledger = ledger
    }

    deinit { ledger.endStream() }
}
