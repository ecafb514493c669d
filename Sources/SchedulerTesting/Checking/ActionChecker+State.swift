package import ControlCore
package import SchedulerCore
package import ServingModel
internal import TraceFormat

/// What must hold between two events.
extension ActionChecker {
    func settle(
        _ input: TimedEvent, _ view: View, _ latency: (ShapeID, VariantIndex) -> LatencyModel
    ) throws(Violation) {
        let now = input.at
        if case .cancelled(let id) = input.event, records[id]?.life == .waiting {
            throw no(.cancelIgnored, now, "request \(id)")
        }
        if let newcomer, let record = records[newcomer], record.life == .waiting {
            try settleNewcomer(record, at: now, latency)
        }
        guard view.queued == waitingRequests else {
            throw no(.queueMiscounted, now, "\(view.queued) instead of \(waitingRequests)")
        }
        let waits = waitingRequests > 0 && !input.event.isFollowed
        let serves = seats.contains { seat in
            switch seat {
            case .idle, .busy, .held: true
            case .absent, .trial, .leaving: false
            }
        }
        guard serves || !waits else {
            throw no(.waitingUnserved, now, "\(waitingRequests) waiting")
        }
        let idles = waits && seats.contains(.idle)
        if idles, !configuration.policy.keepsDeadlines {
            guard view.nextWakeup != nil else {
                throw no(.wakeupMissing, now, "\(waitingRequests) wait beside an idle instance")
            }
        } else if idles {
            throw no(.idleBesideWaiting, now, "\(waitingRequests) waiting")
        }
        guard waitingRequests <= configuration.maxQueuedRequests,
            waitingBytes <= configuration.maxQueuedBytes
        else {
            throw no(.queueOverLimit, now, "\(waitingRequests) requests, \(waitingBytes) bytes")
        }
        if input.event == .timerFired, let wakeup = view.nextWakeup, wakeup <= now {
            throw no(.wakeupInPast, now, "next wake-up \(wakeup)")
        }
    }

    private func settleNewcomer(
        _ record: Record, at now: Instant, _ latency: (ShapeID, VariantIndex) -> LatencyModel
    ) throws(Violation) {
        let id = record.arrival.id
        if isDraining { throw no(.acceptedWhileDraining, now, "request \(id)") }
        guard configuration.policy.keepsDeadlines else { return }
        guard let start = newcomerStart,
            start + needed(by: record.arrival, latency) <= record.arrival.deadline
        else { throw no(.acceptedUnreachable, now, "request \(id)") }
    }

    /// Refuses hopeless requests that still wait although the machine has just had its timer.
    ///
    /// Separate from ``check(_:_:latency:)`` because it looks at every waiting request. A request
    /// behind a smaller, earlier one may be hopeless first: only heads are given up in time, so only
    /// the earliest of each class and shape is looked at.
    package func checkTimeliness(
        at now: Instant, _ view: View, latency: (ShapeID, VariantIndex) -> LatencyModel
    ) throws(Violation) {
        guard configuration.policy.keepsDeadlines else { return }
        let waiting = records.values.filter { $0.life == .waiting }
        for record in waiting where record.arrival.deadline != .distantFuture {
            guard view.nextWakeup != nil else {
                throw no(.wakeupMissing, now, "request \(record.arrival.id) waits")
            }
            let isHead = !waiting.contains {
                classIndex($0.arrival) == classIndex(record.arrival)
                    && queue(of: $0.arrival) == queue(of: record.arrival)
                    && isEarlier($0.arrival, than: record.arrival)
            }
            let needed = needed(by: record.arrival, latency)
            guard !isHead || now + needed <= record.arrival.deadline else {
                throw no(.rejectedLaterThanDecidable, now, "request \(record.arrival.id)")
            }
        }
    }
}

extension Event {
    /// An arrival after which another one of the same instant is announced: batches wait for it.
    var isFollowed: Bool {
        if case .arrived(let arrival) = self { arrival.isFollowed } else { false }
    }
}
