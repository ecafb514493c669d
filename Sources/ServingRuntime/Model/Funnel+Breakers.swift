internal import ControlCore
internal import SchedulerCore
internal import ServingModel

/// Where batches meet the circuit breakers. A decision reaches the scheduler as an event, before the end
/// of the batch that caused it: with that end the instance would get its next batch.
extension Funnel {
    /// Hands in the end of a batch: what the scheduler learns from it, what it says of the instance, and
    /// how many requests it answers, which is none once it was given up. `fittingRows` are the most rows
    /// that fit the memory, where it had too many: no later batch has more.
    mutating func complete(
        _ instance: InstanceID, _ result: BatchResult, _ health: BatchHealth, requests: Int,
        fittingRows: Int? = nil, at now: Instant
    ) -> Work {
        inFlight -= requests
        running[instance.rawValue] = nil
        if let fittingRows, fittingRows < scheduler.configuration.maxBatchRows {
            decide(.limited(rows: fittingRows), at: now)
        }
        let decision = breakers?.end(instance, health, at: now)
        if let decision { decide(Event(decision), at: now) }
        var work = handle(.completed(instance, result), at: now)
        if let decision { work.decisions.append(decision) }
        return work
    }

    /// Gives up batches that do not end, and lets instances be tried.
    mutating func wakeBreakers(at now: Instant, _ work: inout Work) {
        breakers?.wake(at: now, into: &work.decisions)
        for decision in work.decisions {
            if case .isolate(let instance, .stalled) = decision,
                let batch = running[instance.rawValue], batch.answers.take()
            {
                inFlight -= batch.requests.count
                work.givenUp.append(batch)
            }
            decide(Event(decision), at: now)
        }
    }

    /// Whether a call that was given up still occupies an instance.
    func isHung(_ instance: InstanceID) -> Bool { breakers?.isHung(instance) ?? false }
}
