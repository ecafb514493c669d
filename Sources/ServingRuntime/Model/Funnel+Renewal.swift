internal import ControlCore
internal import SchedulerCore
internal import ServingModel

/// Instances that are made anew while the others serve. To the scheduler such an instance is lost and comes
/// back, so a run replays without knowing why.
extension Funnel {
    /// Takes an instance out to be made anew, and tells whether it is idle; `nil` when it cannot be spared now:
    /// another one is being made anew, its breaker is not closed, or nobody else would serve what waits or
    /// runs.
    mutating func beginRenewal(
        of instance: InstanceID, at now: Instant
    ) -> (work: Work, isIdle: Bool)? {
        guard renewing == nil, works(instance) else { return nil }
        let isIdle = running[instance.rawValue] == nil
        let hasOthers = running.indices.contains {
            $0 != instance.rawValue && works(InstanceID($0))
        }
        guard hasOthers || (isIdle && scheduler.queuedRequests == 0) else { return nil }
        renewing = instance
        return (handle(.instanceLost(instance), at: now), isIdle)
    }

    /// Puts the instance back that was made anew. One that its breaker has taken out meanwhile comes back by a
    /// trial.
    mutating func endRenewal(at now: Instant) -> Work {
        guard let instance = renewing else { return Work() }
        renewing = nil
        return works(instance) ? handle(.instanceReady(instance), at: now) : Work()
    }

    private func works(_ instance: InstanceID) -> Bool { breakers?.isClosed(instance) ?? true }
}
