import Foundation

/// State that threads change and tests wait on: the place of every sleep that the tests do not have.
///
/// `@unchecked Sendable`: the guard of all fields is `condition`.
final class Scoreboard<State: Sendable>: @unchecked Sendable {
    private struct Waiter {
        var id: Int
        var isMet: (State) -> Bool
        var continuation: CheckedContinuation<Void, Never>
    }

    private let condition = NSCondition()
    private var state: State
    private var waiters: [Waiter] = []
    private var lastWaiter = 0

    init(_ state: State) {
        self.state = state
    }

    /// The present state.
    var value: State { condition.withLock { state } }

    /// Changes the state and wakes whoever waited for it.
    @discardableResult
    func update<Result>(_ change: (inout State) -> Result) -> Result {
        condition.lock()
        let result = change(&state)
        var ready: [Waiter] = []
        waiters.removeAll { waiter in
            guard waiter.isMet(state) else { return false }
            ready.append(waiter)
            return true
        }
        condition.broadcast()
        condition.unlock()
        for waiter in ready { waiter.continuation.resume() }
        return result
    }

    /// Blocks the calling thread until `isMet`, then changes the state in the same moment. For threads
    /// of engines only: a test awaits ``until(_:)``.
    func wait<Result>(until isMet: (State) -> Bool, then change: (inout State) -> Result) -> Result
    {
        condition.lock()
        while !isMet(state) { condition.wait() }
        let result = change(&state)
        condition.broadcast()
        condition.unlock()
        return result
    }

    /// Returns when `isMet`, or when the test has run out of time: its expectations fail then, instead
    /// of the whole run.
    func until(_ isMet: @escaping @Sendable (State) -> Bool) async {
        let id = update { _ in
            lastWaiter += 1
            return lastWaiter
        }
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let isOver = condition.withLock {
                    if isMet(state) || Task.isCancelled { return true }
                    waiters.append(Waiter(id: id, isMet: isMet, continuation: continuation))
                    return false
                }
                if isOver { continuation.resume() }
            }
        } onCancel: {
            let abandoned = condition.withLock { () -> Waiter? in
                guard let index = waiters.firstIndex(where: { $0.id == id }) else { return nil }
                return waiters.remove(at: index)
            }
            abandoned?.continuation.resume()
        }
    }
}

/// Runs `body` on `count` threads of their own and returns when all have ended: interleavings that a
/// cooperative pool would never show.
func onThreads(_ count: Int, _ body: @escaping @Sendable (Int) -> Void) async {
    let running = Scoreboard(count)
    for index in 0..<count {
        Thread.detachNewThread {
            body(index)
            running.update { $0 -= 1 }
        }
    }
    await running.until { $0 == 0 }
}
