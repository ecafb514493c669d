package import SchedulerCore
package import ServingModel
package import Simulator
package import TraceFormat

/// How much of a run is verified.
package enum Checks: Sendable, Equatable {
    /// Nothing: for measurements.
    case none
    /// Every action, against an ``ActionChecker``.
    case actions
    /// Every action, and the machine's own books after every event; O(n) each.
    case everything
}

/// Looks over the shoulder of a ``VirtualServer``: verifies every step, and writes it down.
package final class RunWatcher {
    /// The steps so far, when they are kept.
    package private(set) var trace = Trace()

    private let checks: Checks
    private let keepsTrace: Bool
    private var checker: ActionChecker

    /// A watcher of a run with `configuration`.
    package init(
        _ configuration: SchedulerConfiguration, checks: Checks = .everything,
        keepsTrace: Bool = false
    ) {
        self.checks = checks
        self.keepsTrace = keepsTrace
        checker = ActionChecker(configuration)
    }

    /// Takes one step in.
    package func observe(
        at now: Instant, _ event: Event, _ answer: ActionBuffer, _ scheduler: borrowing Scheduler
    ) throws {
        guard checks != .none || keepsTrace else { return }
        let step = Step(
            input: TimedEvent(at: now, event), actions: answer.actions, members: answer.members)
        if keepsTrace { trace.steps.append(step) }
        if checks != .none { try verify(step, scheduler) }
    }

    /// Proves at the end of a run that every request has ended.
    package func finish(at now: Instant) throws {
        if checks != .none { try checker.finish(at: now) }
    }

    private func verify(_ step: Step, _ scheduler: borrowing Scheduler) throws {
        let now = step.input.at
        let view = ActionChecker.View(
            queued: scheduler.queuedRequests, nextWakeup: scheduler.nextWakeup)
        try checker.check(step, view) { scheduler.latency(of: $0, $1) }
        guard checks == .everything, !step.input.event.isFollowed else { return }
        scheduler.checkInvariants()
        if step.input.event == .timerFired {
            try checker.checkTimeliness(at: now, view) { scheduler.latency(of: $0, $1) }
        }
    }
}

extension VirtualServer {
    /// Runs under the eyes of `watcher`.
    @discardableResult
    package mutating func run(
        _ stimuli: some Sequence<Stimulus>, watchedBy watcher: RunWatcher
    ) throws -> Outcome {
        let outcome = try run(stimuli) { now, event, answer, scheduler in
            try watcher.observe(at: now, event, answer, scheduler)
        }
        try watcher.finish(at: outcome.end)
        return outcome
    }
}
