internal import Synchronization

/// State behind a lock.
///
/// A `Mutex` whose order is visible to the thread sanitizer: on Linux a contended `Mutex` is handed over
/// by the kernel, which the sanitizer does not see, and so it would report every state that two threads
/// really fought for. Each holder therefore also publishes to the next through an atomic, at the price
/// of two plain moves.
struct Guarded<State: ~Copyable>: ~Copyable, Sendable {
    private let mutex: Mutex<State>
    private let handedOver = Atomic(false)

    init(_ state: consuming sending State) {
        mutex = Mutex(state)
    }

    /// Runs `body` with the state, alone.
    func withLock<Result: ~Copyable, Failure: Error>(
        _ body: (inout sending State) throws(Failure) -> sending Result
    ) throws(Failure) -> sending Result {
        try mutex.withLock { (state: inout sending State) throws(Failure) -> sending Result in
            _ = handedOver.load(ordering: .acquiring)
            defer { handedOver.store(true, ordering: .releasing) }
            return try body(&state)
        }
    }
}
