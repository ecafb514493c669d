internal import ControlCore
internal import ServingModel

/// Instances that were taken out because they did not work, and may show that they do again.
///
/// A trial costs at most one request: it is served alone, and the instance is lost again until whoever
/// watches it reports it ready. The request is one of the least important class that has traffic, so
/// that no better one pays for the answer; where no other instance serves, it is whatever comes.
extension Scheduler {
    /// Puts a lost instance on trial.
    mutating func probe(_ id: InstanceID, at now: Instant, into actions: inout ActionBuffer) {
        precondition(!configuration.isArbitrated, "an arbitrated scheduler has no trials")
        guard instances[id.rawValue] == .absent else { return }
        instances[id.rawValue] = .trial
        trials += 1
        dispatch(at: now, into: &actions)
    }

    /// Gives each instance on trial its request, before those that are known to work take theirs.
    mutating func serveTrials(at now: Instant, into actions: inout ActionBuffer) {
        for index in instances.indices where instances[index] == .trial {
            if isSlackAware { purge(at: now, into: &actions) }
            guard let slot = trialRequest(at: now) else { break }
            launchTrial(of: slot, on: InstanceID(index), at: now, into: &actions)
        }
        refuseUnserved(at: now, into: &actions)
    }

    /// The most urgent request of the least important class that has traffic; of any class where nobody
    /// else serves. `nil` while there is none.
    private func trialRequest(at now: Instant) -> Slot? {
        let isAlone = serving == 0
        for index in classes.indices.reversed() {
            let queue = queueIndex(ClassIndex(index))
            var earliest: Slot?
            for bucket in buckets where !bucket.queues[queue].isEmpty {
                let first = bucket.queues[queue].first
                if earliest.map({ table.precedes(first, $0) }) ?? true { earliest = first }
            }
            if let earliest { return earliest }
            let hasTraffic = SlackAwarePolicy.hasTraffic(classes[index].arrivals.value(at: now))
            if hasTraffic && !isAlone { return nil }
        }
        return nil
    }

    /// Starts a batch of one request, after which the instance is lost again.
    private mutating func launchTrial(
        of slot: Slot, on id: InstanceID, at now: Instant, into actions: inout ActionBuffer
    ) {
        let bucket = table.bucket(slot)
        let request = table.request(slot)
        let length = buckets[bucket].length
        let end = now + configuration.guardInterval
        let isHurried =
            end + buckets[bucket].latency.latency(rows: request.rows) > request.deadline
        let variant = isHurried && isSlackAware ? quickestVariant(bucket) : 0
        let before = actions.members.count
        actions.board(request.id)
        chargeTenants(
            request.priorityClass.rawValue, bucket: bucket,
            perRow: buckets[bucket].latency(of: variant).perRow, members: before, actions)
        remove(slot)
        start(
            on: id, bucket: bucket, variant: variant, rows: request.rows / max(length, 1),
            paddedLength: length, members: before, at: now,
            waited: request.arrival.interval(to: now), by: .trial, into: &actions)
        guard case .busy(let running) = instances[id.rawValue] else { return }
        instances[id.rawValue] = .leaving(running)
        trials -= 1
    }
}
