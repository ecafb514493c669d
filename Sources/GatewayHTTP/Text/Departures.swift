internal import NIOCore
internal import Synchronization

/// Ends what is done for clients that have gone away.
///
/// A route that works for long learns of a closed connection only when it writes. Here it says what is
/// to be ended, and that happens on the connection's event loop as soon as the connection closes.
final class Departures: Sendable {
    /// One connection, kept until it closes: its identity then belongs to no other.
    private struct Connection: Sendable {
        let channel: any Channel
        var work: [Int: @Sendable () -> Void] = [:]
    }

    private struct State: Sendable {
        var connections: [ObjectIdentifier: Connection] = [:]
        var next = 0
    }

    private let state = Mutex(State())

    /// Runs `body` when `channel` closes before the watch is over; at once if it is closed already.
    func watch(_ channel: any Channel, _ body: @escaping @Sendable () -> Void) -> DepartureWatch {
        let key = ObjectIdentifier(channel)
        let (number, isNew) = state.withLock { state in
            state.next += 1
            let isNew = state.connections[key] == nil
            state.connections[key, default: Connection(channel: channel)].work[state.next] = body
            return (state.next, isNew)
        }
        if isNew { channel.closeFuture.whenComplete { [weak self] _ in self?.departed(key) } }
        return DepartureWatch { [weak self] in self?.forget(key, number) }
    }

    private func departed(_ key: ObjectIdentifier) {
        let gone = state.withLock { $0.connections.removeValue(forKey: key) }
        for body in gone.map({ Array($0.work.values) }) ?? [] { body() }
    }

    private func forget(_ key: ObjectIdentifier, _ number: Int) {
        let forgotten = state.withLock { $0.connections[key]?.work.removeValue(forKey: number) }
        // Whatever the body held on to is let go outside the lock.
        _ = forgotten
    }
}

/// Watches one connection for as long as it lives.
final class DepartureWatch: Sendable {
    private let onEnd: @Sendable () -> Void

    init(_ onEnd: @escaping @Sendable () -> Void) {
        self.onEnd = onEnd
    }

    deinit { onEnd() }
}
