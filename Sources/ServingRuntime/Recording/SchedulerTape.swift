internal import SchedulerCore
internal import ServingModel
internal import TraceFormat

/// What one scheduler was told and answered, on its way to a file.
///
/// The funnel appends while it holds its lock: a copy into pages that are there already. A thread of the
/// ``TraceRecorder`` takes full pages away and brings them back empty. Pages are limited: when the disk
/// cannot keep up with the server the tape ends, and the server goes on.
final class SchedulerTape: Sendable {
    /// Some consecutive steps.
    struct Page: Sendable {
        /// Events, and how many actions each caused.
        var inputs: [(event: TimedEvent, actions: Int)] = []
        /// Actions of all of them; launches name ranges of ``members``.
        var actions: [Action] = []
        var members: [RequestID] = []

        /// Most steps; as many actions and four times as many members have room.
        let capacity: Int

        init(capacity: Int) {
            self.capacity = capacity
            inputs.reserveCapacity(capacity)
            actions.reserveCapacity(capacity)
            members.reserveCapacity(4 * capacity)
        }

        var isEmpty: Bool { inputs.isEmpty }

        /// Whether a step with so many actions and members still fits; an empty page takes any.
        func fits(actions: Int, members: Int) -> Bool {
            isEmpty
                || (inputs.count < capacity
                    && self.actions.count + actions <= capacity
                    && self.members.count + members <= 4 * capacity)
        }

        mutating func removeAll() {
            inputs.removeAll(keepingCapacity: true)
            actions.removeAll(keepingCapacity: true)
            members.removeAll(keepingCapacity: true)
        }
    }

    /// Why a tape takes no more.
    enum End: Sendable {
        /// The scheduler has come to its end.
        case finished
        /// There was no empty page.
        case overflowed
    }

    private struct State: Sendable {
        var filling: Page
        var full: [Page] = []
        var empty: [Page]
        var end: End?
    }

    /// What the tape is of.
    let header: TraceHeader

    private let state: Guarded<State>
    private let writer: Parker

    /// A tape within `limits`; `writer` is woken when a page is full.
    init(_ header: TraceHeader, limits: TraceRecorder.Limits, writer: Parker) {
        self.header = header
        self.writer = writer
        var empty: [Page] = []
        // Memory that nobody has written to costs address space only.
        for _ in 1..<max(limits.pages, 2) { empty.append(Page(capacity: limits.stepsPerPage)) }
        state = Guarded(State(filling: Page(capacity: limits.stepsPerPage), empty: empty))
    }

    /// Adds a step: `answer` holds its actions from position `from` on.
    func append(_ event: Event, at now: Instant, _ answer: ActionBuffer, from: Int) {
        let isPageFull = state.withLock { state in
            guard state.end == nil else { return false }
            let actions = answer.actions[from...]
            var members = 0
            for case .launch(let launch) in actions { members += launch.members.count }
            var isPageFull = false
            if !state.filling.fits(actions: actions.count, members: members) {
                guard let next = state.empty.popLast() else {
                    state.end = .overflowed
                    return true
                }
                state.full.append(state.filling)
                state.filling = next
                isPageFull = true
            }
            state.filling.inputs.append((TimedEvent(at: now, event), actions.count))
            for action in actions {
                guard case .launch(var launch) = action else {
                    state.filling.actions.append(action)
                    continue
                }
                let start = state.filling.members.count
                state.filling.members.append(contentsOf: answer.members(of: launch))
                launch.members = start..<state.filling.members.count
                state.filling.actions.append(.launch(launch))
            }
            return isPageFull
        }
        if isPageFull { writer.unpark() }
    }

    /// Ends the tape.
    func close() {
        state.withLock { $0.end = $0.end ?? .finished }
        writer.unpark()
    }

    // MARK: The writing thread

    /// Takes away what there is, oldest first, and tells whether more can come.
    func take() -> (pages: [Page], end: End?) {
        state.withLock { state in
            var pages = state.full
            state.full.removeAll(keepingCapacity: true)
            if !state.filling.isEmpty, let next = state.empty.popLast() {
                pages.append(state.filling)
                state.filling = next
            } else if !state.filling.isEmpty, state.end != nil {
                pages.append(state.filling)
                state.filling = Page(capacity: 0)
            }
            return (pages, state.end)
        }
    }

    /// Brings a page back.
    func giveBack(_ page: consuming Page) {
        page.removeAll()
        let empty = page
        state.withLock { $0.empty.append(empty) }
    }
}
