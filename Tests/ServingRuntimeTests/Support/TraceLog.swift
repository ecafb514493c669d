import SchedulerCore
import ServingModel
import ServingRuntime
import TraceFormat

/// A place for recorded text that a test can block and fill up.
final class TraceLog: Sendable {
    private struct State: Sendable {
        var bytes: [UInt8] = []
        var room = Int.max
        var isBlocked = false
        var problems: [String] = []
    }

    private let state = Scoreboard(State())

    /// A recorder that writes here.
    func recorder(
        limits: TraceRecorder.Limits = TraceRecorder.Limits(),
        clock: any RuntimeClock = MonotonicClock()
    ) -> TraceRecorder {
        TraceRecorder(
            limits: limits, clock: clock,
            onProblem: { [self] problem in state.update { $0.problems.append(problem) } },
            to: { [self] bytes throws(RecordingProblem) in
                let fits = state.wait(until: { !$0.isBlocked }) { state in
                    let count = min(bytes.count, state.room)
                    state.room -= count
                    state.bytes += bytes.prefix(count)
                    return count == bytes.count
                }
                guard fits else { throw RecordingProblem("no space left") }
            })
    }

    /// Lets the next text wait.
    func block() { state.update { $0.isBlocked = true } }

    /// Lets text pass.
    func unblock() { state.update { $0.isBlocked = false } }

    /// Has room for no more than so many bytes.
    func limit(to bytes: Int) { state.update { $0.room = bytes } }

    /// What was written.
    var bytes: [UInt8] { state.value.bytes }

    /// Why recordings ended early.
    var problems: [String] { state.value.problems }

    /// Returns once a recording has ended early.
    func hasProblem() async { await state.until { !$0.problems.isEmpty } }

    /// The result of replaying what was written.
    func replay() throws -> TraceReplay.Result {
        try TraceReplay.run(LineReader.source(bytes))
    }

    /// Everything that was written.
    func items() throws -> [TraceReader.Item] {
        var reader = TraceReader(LineReader.source(bytes))
        var items: [TraceReader.Item] = []
        while let item = try reader.next() { items.append(item) }
        return items
    }

    /// Every event that was recorded.
    func events() throws -> [Event] {
        try items().compactMap {
            if case .step(_, let step, _) = $0 { step.input.event } else { nil }
        }
    }
}
