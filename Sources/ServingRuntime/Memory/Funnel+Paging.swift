internal import ControlCore
internal import SchedulerCore
internal import ServingModel

/// What the funnel of a model remembers for whoever decides when the model is in memory.
struct Paging {
    /// When the model could serve, while it is not in memory.
    var absence: PageExpectation?
    /// When it was last brought into memory.
    var ready = Instant.origin
    /// When the latest request came.
    var lastUsed = Instant.origin
    /// Weights of the requests that came since the last sighting.
    var weight = 0
    /// Requests since then that were refused because the model was not there.
    var missed = 0
    /// Whether somebody wants to know when nothing waits or runs any more.
    var isWatched = false

    /// Whether requests came for a model that is not in memory and not on its way.
    var isWanted: Bool { absence.map { !$0.isLoading } ?? false }

    /// What a client is told whose deadline is before the model could be loaded and answer.
    func refusal(at now: Instant) -> ServingError {
        let wait = absence.map { now.interval(to: $0.ready(at: now)) } ?? .zero
        guard wait < .seconds(3_600) else {
            return ServingError(
                .notReady,
                "the model is not in memory, and models that cannot leave take up the room for it",
                retryAfter: .seconds(60))
        }
        return ServingError(
            .notReady,
            "the model is not in memory; loading it takes about "
                + "\(Int(wait.milliseconds.rounded(.up))) ms, longer than the deadline allows",
            retryAfter: wait)
    }
}

extension Funnel {
    /// Whether nothing waits or runs, and every instance is there to be let go. A variant that was brought
    /// in leaves first, by itself.
    var mayLeave: Bool {
        inFlight == 0 && scheduler.serving == running.count && ladder?.isEmpty ?? true
    }

    /// What a request of a class adds to the model's traffic.
    func weight(of priorityClass: ClassIndex) -> Int {
        let classes = scheduler.configuration.classes
        return classes[min(priorityClass.rawValue, classes.count - 1)].weight
    }

    /// What the model has been up to since the last sighting.
    mutating func sight(at now: Instant) -> PageSighting {
        defer {
            paging.weight = 0
            paging.missed = 0
        }
        return PageSighting(
            isIdle: mayLeave, lastUsed: paging.lastUsed, weight: paging.weight,
            demand: paging.absence == nil ? nil : scheduler.pageDemand(at: now),
            missed: paging.missed)
    }

    /// Lets no more batches start, because the instances will be gone; false when there is work.
    mutating func rest(at now: Instant) -> Bool {
        guard mayLeave, paging.absence == nil else { return false }
        paging.absence = PageExpectation(from: .origin, load: .zero)
        paging.isWatched = false
        holdInstances(at: now)
        return true
    }

    /// Judges newcomers by another expectation, and those that wait for whether there is one.
    mutating func expect(_ expectation: PageExpectation, at now: Instant) {
        guard paging.absence != nil else { return }
        paging.absence = expectation
        holdInstances(at: now)
    }

    /// Puts the instances, which are there again, to work.
    mutating func resume(at now: Instant) -> Work {
        paging.absence = nil
        paging.ready = now
        for index in running.indices { decide(.instanceReady(InstanceID(index)), at: now) }
        return drain(at: now)
    }

    /// Tells the scheduler when instances that are not there are expected.
    mutating func holdInstances(at now: Instant) {
        guard let until = paging.absence?.ready(at: now) else { return }
        for index in running.indices { decide(.held(InstanceID(index), until: until), at: now) }
    }
}
