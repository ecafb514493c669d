internal import SchedulerCore
internal import ServingModel
internal import TraceFormat

/// What the options allow.
extension ActionChecker {
    func justifyOption(
        _ id: RequestID, _ reason: RejectReason, _ arrival: Arrival, _ input: TimedEvent
    ) throws(Violation) {
        if reason == .superseded {
            guard case .arrived(let newer) = input.event, newer.id != id,
                isAbout(newer, the: arrival)
            else { throw no(.supersededUnjustly, input.at, "request \(id)") }
        } else {
            let policy = configuration.tenants
            let grant = policy?.grants.first { $0.tenant == arrival.tenant }
            let quota = grant.map(\.quota) ?? policy?.quota
            // A tenant for whom there is no account shares that of nobody in particular.
            guard id == newcomer, quota != nil || policy?.quota != nil else {
                throw no(.quotaWithoutOne, input.at, "request \(id)")
            }
        }
    }

    /// The padded length is the longest member's, the batch within its limits of units and waste.
    func checkLength(
        _ launch: Launch, _ ids: ArraySlice<RequestID>, at now: Instant
    ) throws(Violation) {
        let arrivals = ids.compactMap { records[$0]?.arrival }
        guard let lengths = configuration.lengths else {
            guard launch.paddedLength == 0 else {
                throw no(.wrongLength, now, "\(launch.paddedLength) for a model that does not pad")
            }
            return
        }
        let longest = arrivals.map { lengths.padded($0.length) }.max() ?? 0
        guard launch.paddedLength == longest else {
            throw no(.wrongLength, now, "\(launch.paddedLength) instead of \(longest)")
        }
        let isMixed = arrivals.contains { lengths.padded($0.length) != longest }
        guard arrivals.count == 1 || launch.rows * longest <= lengths.maxBatchUnits,
            !isMixed || lengths.mergesLengths
        else { throw no(.wastefulBatch, now, "\(launch.rows) rows of \(longest)") }
    }

    /// Whether a request stands before another in their queue, or may: within a slot of deadlines the
    /// score decides.
    func isEarlier(_ other: Arrival, than arrival: Arrival) -> Bool {
        if let slot = configuration.score?.slot.nanoseconds, other.id != arrival.id {
            return other.deadline.nanoseconds / slot <= arrival.deadline.nanoseconds / slot
        }
        return (other.deadline, other.id) < (arrival.deadline, arrival.id)
    }

    func isAbout(_ newer: Arrival, the older: Arrival) -> Bool {
        newer.supersedes != nil && newer.supersedes == older.supersedes
            && newer.tenant == older.tenant
    }

    /// Whether a request may make room for another one of its class: between accounts, where the
    /// heaviest gives way. Which that is, and its newest request, is the oracle's business.
    func isRival(_ victim: Arrival, of newcomer: Arrival) -> Bool {
        let hasShares =
            configuration.tenants != nil
            || configuration.modalities.contains { $0.deviceShare != nil }
        return hasShares && classIndex(victim) == classIndex(newcomer)
    }

    /// The arrival with the class in which it will wait: by its modality's table, and the next lesser one
    /// when its own has used up its part of the queue.
    func classified(_ arrival: Arrival) -> Arrival {
        var classified = arrival
        let last = configuration.classes.count - 1
        if configuration.modalities.indices.contains(arrival.modality.rawValue) {
            let modality = configuration.modalities[arrival.modality.rawValue]
            classified.priorityClass = modality.priorityClass(arrival.priorityClass)
        }
        let index = min(classified.priorityClass.rawValue, last)
        classified.priorityClass = ClassIndex(index)
        guard configuration.degradesWhenFull, configuration.policy.keepsDeadlines, index > 0,
            index < last
        else { return classified }
        var waiting = waitingByClass
        var requests = waitingRequests
        if arrival.supersedes != nil {
            for record in records.values
            where record.life == .waiting && isAbout(arrival, the: record.arrival) {
                waiting[classIndex(record.arrival)] -= 1
                requests -= 1
            }
        }
        guard requests < configuration.maxQueuedRequests else { return classified }
        let part = max(configuration.maxQueuedRequests / configuration.classes.count, 1)
        if waiting[index] >= part, waiting[index + 1] < part {
            classified.priorityClass = ClassIndex(index + 1)
        }
        return classified
    }
}
