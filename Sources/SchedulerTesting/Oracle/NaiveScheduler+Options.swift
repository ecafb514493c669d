internal import ControlCore
internal import SchedulerCore
internal import ServingModel

/// What the options make of an arrival.
extension NaiveScheduler {
    /// What a request adds to a batch: rows, or padded units.
    func size(_ arrival: Arrival) -> Int {
        arrival.rows * (configuration.lengths?.padded(arrival.length) ?? 1)
    }

    /// The beginning of the slot in which a request is due, a little earlier for a higher score; without
    /// scores its deadline.
    func key(of request: Waiting, _ latency: LatencyModel, at now: Instant) -> Instant {
        let deadline = request.arrival.deadline
        guard let score = configuration.score, deadline != .distantFuture else { return deadline }
        let modality = request.arrival.modality.rawValue
        let isKnown = configuration.modalities.indices.contains(modality)
        let value = score.value(
            cost: latency.latency(rows: request.size), slack: now.interval(to: deadline),
            weight: isKnown ? configuration.modalities[modality].weight : 0)
        let slot = score.slot.nanoseconds
        let start = Instant(nanoseconds: deadline.nanoseconds / slot * slot)
        let earlier = min(max(Int((1_000 * value).rounded()), 0), 1_000)
        return start - Interval(nanoseconds: UInt64(earlier))
    }

    /// Only the latest request of a tenant about one thing counts.
    mutating func supersede(_ arrival: Arrival) {
        guard let key = arrival.supersedes else { return }
        let older = waiting.firstIndex {
            $0.arrival.supersedes == key && $0.arrival.tenant == arrival.tenant
        }
        guard let older else { return }
        let request = waiting.remove(at: older)
        actions.append(.reject(request.arrival.id, .superseded, retryAfter: .zero))
    }

    /// Refuses what exceeds a queue that has become shorter: the least important, latest due first.
    mutating func refuseBeyondLimit(at now: Instant) {
        let order = waiting.sorted {
            ($0.classIndex, $0.key, $0.sequence) < ($1.classIndex, $1.key, $1.sequence)
        }
        for request in order.dropFirst(configuration.maxQueuedRequests).reversed() {
            waiting.removeAll { $0.sequence == request.sequence }
            reject(request, .queueFull, at: now)
        }
    }

    /// The class by the modality's table; the next lesser one when the class's part of the queue is used
    /// up.
    func classIndex(of arrival: Arrival) -> Int {
        let last = configuration.classes.count - 1
        var index = arrival.priorityClass.rawValue
        if configuration.modalities.indices.contains(arrival.modality.rawValue) {
            let table = configuration.modalities[arrival.modality.rawValue].classes
            if !table.isEmpty { index = table[min(index, table.count - 1)].rawValue }
        }
        index = min(index, last)
        guard configuration.degradesWhenFull, index > 0, index < last,
            waiting.count < configuration.maxQueuedRequests
        else { return index }
        let part = max(configuration.maxQueuedRequests / configuration.classes.count, 1)
        let own = waiting.count { $0.classIndex == index }
        let lesser = waiting.count { $0.classIndex == index + 1 }
        return own >= part && lesser < part ? index + 1 : index
    }
}
