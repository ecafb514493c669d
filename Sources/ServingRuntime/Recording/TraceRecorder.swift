internal import SchedulerCore
package import ServingModel
internal import TraceFormat

/// Writes what the schedulers of a server are told and answer to one file, from a thread of its own.
///
/// Everything is bounded: each scheduler has a fixed number of pages, and the text of one page at a time
/// is in memory. A disk that is too slow or full ends the recording, with a message, and never the
/// server. `docs/traces.md` explains the file.
package final class TraceRecorder: Sendable {
    /// How much of one scheduler's life may be on its way to the disk.
    package struct Limits: Sendable {
        /// Pages of one scheduler, at least 2.
        package var pages = 16
        /// Steps on one page.
        package var stepsPerPage = 8_192

        /// 130,000 steps, some seconds at full load.
        package init() {}
    }

    /// Where text goes: a file, or a test's own place.
    package typealias Output = @Sendable ([UInt8]) throws(RecordingProblem) -> Void

    /// How often what there is goes to the file, so that little is missing after a crash.
    private static let pause = Interval.milliseconds(100)

    private struct State: Sendable {
        var tapes: [SchedulerTape] = []
        var schedulers = 0
        /// Nobody shall begin to record any more.
        var isClosed = false
        var hasEnded = false
        var waiters: [CheckedContinuation<Void, Never>] = []
    }

    private let state = Guarded(State())
    private let parker = Parker()
    /// Where a process that ends waits for the last text.
    private let ended = Parker()
    private let clock: any RuntimeClock
    private let limits: Limits
    private let onProblem: @Sendable (String) -> Void

    /// Starts to record to the file `path`; one that is there is kept as `path.old`.
    ///
    /// - Parameter onProblem: Told, on the writing thread, why a recording ended early.
    /// - Throws: ``RecordingProblem`` when the file cannot be opened.
    package convenience init(
        path: String, onProblem: @escaping @Sendable (String) -> Void
    ) throws(RecordingProblem) {
        let file = try TraceFile(path)
        self.init(onProblem: onProblem) { bytes throws(RecordingProblem) in
            try file.append(bytes)
        }
    }

    /// Starts to record to `output`, which is called on the writing thread alone.
    package init(
        limits: Limits = Limits(), clock: any RuntimeClock = MonotonicClock(),
        onProblem: @escaping @Sendable (String) -> Void = { _ in }, to output: @escaping Output
    ) {
        self.clock = clock
        self.limits = limits
        self.onProblem = onProblem
        let origin = clock.now()
        PlatformThread.start(name: "headway-record") { [self] in
            var session = RecordingSession(output, origin: origin)
            write(&session)
        }
    }

    /// A tape for the scheduler of a model that is being started.
    func tape(_ interface: ModelInterface, _ configuration: SchedulerConfiguration) -> SchedulerTape
    {
        state.withLock { state in
            state.schedulers += 1
            let tape = SchedulerTape(
                TraceHeader(
                    number: state.schedulers, model: interface.name, version: interface.version,
                    configuration: configuration),
                limits: limits, writer: parker)
            if state.isClosed { tape.close() } else { state.tapes.append(tape) }
            return tape
        }
    }

    /// Ends the recording: what was handed in until now is written. Does not wait.
    package func close() {
        let tapes = state.withLock { state in
            state.isClosed = true
            return state.tapes
        }
        for tape in tapes { tape.close() }
        parker.unpark()
    }

    /// Ends the recording and waits, on the calling thread, until everything is in the file or `interval`
    /// is over; for a process that ends at once.
    package func close(waitingAtMost interval: Interval) {
        close()
        ended.park(until: clock.now() + interval)
    }

    /// Ends the recording and returns when everything is in the file.
    package func finish() async {
        close()
        await withCheckedContinuation { continuation in
            let isOver = state.withLock { state in
                if !state.hasEnded { state.waiters.append(continuation) }
                return state.hasEnded
            }
            if isOver { continuation.resume() }
        }
    }

    // MARK: The writing thread

    private func write(_ session: inout RecordingSession) {
        defer { end() }
        do throws(RecordingProblem) {
            while true {
                let (tapes, isClosed) = state.withLock { ($0.tapes, $0.isClosed) }
                for tape in tapes {
                    guard let end = try session.write(tape) else { continue }
                    state.withLock { $0.tapes.removeAll { $0 === tape } }
                    if case .overflowed = end { reportOverflow(tape.header) }
                }
                try session.flush()
                if isClosed && state.withLock({ $0.tapes.isEmpty }) { return }
                parker.park(until: clock.now() + Self.pause)
            }
        } catch {
            onProblem("the recording has ended: \(error)")
        }
    }

    private func reportOverflow(_ header: TraceHeader) {
        onProblem(
            "the recording of \(header.model) version \(header.version) has ended: the disk was "
                + "too slow for the traffic")
    }

    private func end() {
        let (tapes, waiters) = state.withLock { state in
            state.isClosed = true
            state.hasEnded = true
            defer {
                state.tapes = []
                state.waiters = []
            }
            return (state.tapes, state.waiters)
        }
        for tape in tapes { tape.close() }
        for waiter in waiters { waiter.resume() }
        ended.unpark()
    }
}

/// The text that is on its way to the file; lives on the writing thread.
struct RecordingSession {
    /// Text is handed to the file in pieces of about this size.
    private static let piece = 256 << 10

    private let output: TraceRecorder.Output
    private var writer: TraceWriter
    private var introduced = 0

    init(_ output: @escaping TraceRecorder.Output, origin: Instant) {
        self.output = output
        writer = TraceWriter(origin: origin)
    }

    /// Writes what is on a tape; answers its end once it has come.
    mutating func write(_ tape: SchedulerTape) throws(RecordingProblem) -> SchedulerTape.End? {
        let header = tape.header
        if header.number > introduced {
            writer.write(header)
            introduced = header.number
        }
        var (pages, end) = tape.take()
        pages.reverse()
        // Taken out of the array, a page belongs to nobody else and can be emptied in place.
        while let page = pages.popLast() {
            var position = 0
            for (event, count) in page.inputs {
                writer.write(
                    event, page.actions[position..<position + count], members: page.members,
                    of: header.number)
                position += count
                if writer.bytes.count >= Self.piece { try flush() }
            }
            tape.giveBack(page)
        }
        guard let end else { return nil }
        if case .overflowed = end {
            writer.remark("scheduler \(header.number): the disk was too slow, recording ended here")
        }
        writer.end(header.number)
        return end
    }

    /// Hands all text to the file.
    mutating func flush() throws(RecordingProblem) {
        guard !writer.bytes.isEmpty else { return }
        try output(writer.bytes)
        writer.removeAll()
    }
}
