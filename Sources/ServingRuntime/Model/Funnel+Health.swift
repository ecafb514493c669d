internal import ControlCore
internal import SchedulerCore
internal import ServingModel

/// The health rules of a model, beside its scheduler.
struct HealthKeeper: Sendable {
    private(set) var controller: HealthController
    private var gauge: HealthGauge

    init(_ settings: HealthSettings, at now: Instant) {
        controller = HealthController(settings)
        gauge = HealthGauge(at: now)
    }

    /// What the rules make of the time since they were asked last.
    mutating func look(
        at scheduler: inout Scheduler, _ totals: HealthTotals, memory: Double?, at now: Instant
    ) -> [HealthChange] {
        controller.observe(
            gauge.sample(&scheduler, totals, memory: memory, at: now), at: now)
    }
}

/// Where samples meet the health rules. A change reaches the scheduler as an event, and so the recording;
/// in a dry run it is only told.
extension Funnel {
    /// Gives the rules a sample, and carries out what they decide.
    mutating func tend(_ totals: HealthTotals, memory: Double?, at now: Instant) -> Work {
        guard var keeper = health else { return drain(at: now) }
        let changes = keeper.look(at: &scheduler, totals, memory: memory, at: now)
        health = keeper
        if !keeper.controller.settings.isDryRun {
            for change in changes { decide(Event(change.decision), at: now) }
        }
        var work = drain(at: now)
        work.changes = changes
        return work
    }

    /// What the rules have set.
    var healthReading: HealthReading? {
        guard let controller = health?.controller else { return nil }
        return HealthReading(
            isDryRun: controller.settings.isDryRun,
            mostRequests: scheduler.configuration.maxQueuedRequests,
            preferredVariant: scheduler.preferred.rawValue,
            changes: Dictionary(
                uniqueKeysWithValues: HealthRule.allCases.map { ($0, controller.changes(by: $0)) }))
    }
}
