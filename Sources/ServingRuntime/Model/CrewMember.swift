internal import ServingModel

/// One instance's thread and the rendezvous with the model it will serve: it makes its instance from the
/// source, and then does the jobs that the server gives it.
final class CrewMember<Source: Sendable, Server: AnyObject & Sendable, Job: Sendable>: Sendable {
    let worker: InstanceWorker<Job>
    private let state: Guarded<State>
    private let parker = Parker()

    private struct State: Sendable {
        /// What the instance is made from, until it is made: a thread that ends must not be what keeps
        /// a model loaded.
        var source: Source?
        var server: Server?
        var isDismissed = false
        var hasEnded = false
        var waiters: [CheckedContinuation<Void, Never>] = []
    }

    init(_ worker: InstanceWorker<Job>, _ source: Source) {
        self.worker = worker
        state = Guarded(State(source: source))
    }

    /// Prepares for another thread, which makes its instance from `source`; the last one has ended.
    func rehire(_ source: Source) {
        state.withLock { state in
            precondition(state.hasEnded, "instance \(worker.id) still has a thread")
            state = State(source: source)
        }
    }

    /// What the instance is made from; once for each thread.
    func takeSource() -> Source {
        guard let source = state.withLock({ $0.source.take() }) else {
            preconditionFailure("instance \(worker.id) is made once")
        }
        return source
    }

    /// Tells the thread whom it serves.
    func join(_ server: Server) {
        state.withLock { $0.server = server }
        parker.unpark()
    }

    /// Tells the thread that there will be nobody to serve.
    func dismiss() {
        state.withLock { $0.isDismissed = true }
        parker.unpark()
    }

    /// Waits for ``join(_:)`` or ``dismiss()``, on the thread.
    func awaitServer() -> Server? {
        while true {
            let (server, isDismissed) = state.withLock { state in
                defer { state.server = nil }
                return (state.server, state.isDismissed)
            }
            if let server { return server }
            if isDismissed { return nil }
            parker.park()
        }
    }

    /// The thread's last word.
    func end() {
        let waiters = state.withLock { state in
            state.hasEnded = true
            defer { state.waiters = [] }
            return state.waiters
        }
        for waiter in waiters { waiter.resume() }
    }

    /// Returns when the thread has dropped its engine instance.
    func ended() async {
        await withCheckedContinuation { continuation in
            let isOver = state.withLock { state in
                if !state.hasEnded { state.waiters.append(continuation) }
                return state.hasEnded
            }
            if isOver { continuation.resume() }
        }
    }
}
