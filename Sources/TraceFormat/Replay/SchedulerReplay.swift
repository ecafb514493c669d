internal import SchedulerCore
package import ServingModel

/// Feeds the events of a recorded run to a scheduler and compares its answers with the recorded ones,
/// byte for byte.
package struct SchedulerReplay: ~Copyable {
    /// A step at which the scheduler answered something else.
    package struct Difference: Sendable, Equatable {
        /// Which step of the scheduler it was, from 1.
        package var step: Int
        /// The step as recorded.
        package var recorded: String
        /// The step as replayed.
        package var replayed: String
    }

    /// What the run was recorded of.
    package let header: TraceHeader

    /// Steps replayed so far.
    package private(set) var steps = 0

    /// Hash of the text of the replayed steps, to be compared with that of the recorded ones.
    package private(set) var hash = StableHash()

    private let origin: Instant
    private var scheduler: Scheduler
    private var events: EventGuard
    private var buffer = ActionBuffer()
    private var recorded = TextWriter()
    private var replayed = TextWriter()

    /// A replay from the beginning; times count from `origin`, as in the trace.
    package init(_ header: TraceHeader, origin: Instant) {
        self.header = header
        self.origin = origin
        scheduler = Scheduler(header.configuration)
        events = EventGuard(header.configuration)
    }

    /// Replays one step; answers the difference, if there is one.
    ///
    /// - Throws: ``LineProblem`` when the event cannot happen after those before it.
    package mutating func replay(_ step: Step) throws(LineProblem) -> Difference? {
        try events.admit(step.input)
        buffer.removeAll()
        scheduler.handle(step.input.event, at: step.input.at, into: &buffer)
        events.note(buffer)
        steps += 1
        recorded.removeAll()
        recorded.write(step, since: origin)
        replayed.removeAll()
        replayed.write(
            Step(input: step.input, actions: buffer.actions, members: buffer.members),
            since: origin)
        hash.combine(replayed.bytes)
        guard recorded.bytes != replayed.bytes else { return nil }
        return Difference(step: steps, recorded: recorded.text, replayed: replayed.text)
    }
}
