package import SchedulerCore
package import ServingModel

/// An event and when it happened.
package struct TimedEvent: Sendable, Equatable {
    /// The time handed to the scheduler.
    package var at: Instant
    /// The event handed to the scheduler.
    package var event: Event

    /// Makes a timed event.
    package init(at: Instant, _ event: Event) {
        self.at = at
        self.event = event
    }
}

/// One turn of a scheduler: what it was told and what it answered.
package struct Step: Sendable, Equatable {
    /// What happened.
    package var input: TimedEvent
    /// What the scheduler wanted done about it; launches name ranges of ``members``.
    package var actions: [Action]
    /// Ids of the requests launched in this step.
    package var members: [RequestID]

    /// Makes a step.
    package init(input: TimedEvent, actions: [Action], members: [RequestID]) {
        self.input = input
        self.actions = actions
        self.members = members
    }
}

/// A whole run. With the scheduler's configuration its inputs determine everything else.
package struct Trace: Sendable, Equatable {
    /// The turns, in order.
    package var steps: [Step] = []

    /// A trace without steps.
    package init() {}

    /// Feeds `inputs` to a fresh scheduler and writes down its answers.
    package init(replaying inputs: [TimedEvent], _ configuration: SchedulerConfiguration) {
        var scheduler = Scheduler(configuration)
        var buffer = ActionBuffer()
        for input in inputs {
            buffer.removeAll()
            scheduler.handle(input.event, at: input.at, into: &buffer)
            steps.append(Step(input: input, actions: buffer.actions, members: buffer.members))
        }
    }

    /// What the scheduler was told.
    package var inputs: [TimedEvent] { steps.map(\.input) }

    /// A hash of the canonical text, equal in every process that runs the same trace.
    package var hash: StableHash {
        var hash = StableHash()
        for step in steps { hash.combine(step.canonicalText) }
        return hash
    }

    /// The canonical text: one line per event, followed by one indented line per action.
    package var canonicalText: String {
        steps.map(\.canonicalText).joined(separator: "\n")
    }
}
