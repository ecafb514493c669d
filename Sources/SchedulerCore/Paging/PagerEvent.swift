package import ServingModel

/// The shell's name for a model that is, or may be, in memory. Never given twice.
package struct PagedModelID: Hashable, Comparable, Sendable {
    /// The number.
    package let rawValue: Int

    /// Wraps a number.
    package init(_ rawValue: Int) {
        self.rawValue = rawValue
    }

    /// Ascending by number.
    package static func < (left: Self, right: Self) -> Bool { left.rawValue < right.rawValue }
}

/// What waits for a model that is not in memory, as far as it matters for whose turn it is.
package struct PageDemand: Sendable, Equatable {
    /// The most important class that has work.
    package var topClass: Int
    /// When a batch must start to answer the most urgent head of that class in time.
    package var latestStart: Instant
    /// When that head arrived.
    package var arrival: Instant

    /// A demand; see the properties.
    package init(topClass: Int, latestStart: Instant, arrival: Instant) {
        self.topClass = topClass
        self.latestStart = latestStart
        self.arrival = arrival
    }
}

extension Scheduler {
    /// What waits, for whoever brings the model into memory; `nil` when nothing does.
    package func pageDemand(at now: Instant) -> PageDemand? {
        demand(at: now).map {
            PageDemand(topClass: $0.topClass, latestStart: $0.latestStart, arrival: $0.arrival)
        }
    }
}

/// What a model has been up to since it was last looked at.
package struct PageSighting: Sendable, Equatable {
    /// Whether nothing waits and nothing runs.
    package var isIdle: Bool
    /// When its latest request came; ``Instant/origin`` for never.
    package var lastUsed: Instant
    /// Requests that came since the last sighting, each counted as often as its class weighs.
    package var weight: Int
    /// What waits.
    package var demand: PageDemand?
    /// Requests that were refused since the last sighting because the model was not there in time.
    package var missed: Int

    /// A sighting; see the properties.
    package init(
        isIdle: Bool, lastUsed: Instant = .origin, weight: Int = 0, demand: PageDemand? = nil,
        missed: Int = 0
    ) {
        self.isIdle = isIdle
        self.lastUsed = lastUsed
        self.weight = weight
        self.demand = demand
        self.missed = missed
    }
}

/// Everything that can happen to a ``ModelPager``.
package enum PagerEvent: Sendable, Equatable {
    /// A model is to be loaded for the first time, and needs about so many bytes. It is refused when
    /// there is no room for it until `giveUp`.
    case added(PagedModelID, bytes: Int, giveUp: Instant)
    /// A model was looked at. The only event that nothing is decided on: the next one does.
    case seen(PagedModelID, PageSighting)
    /// A model is in memory. One that may not leave is in the books all the same.
    case loaded(PagedModelID, bytes: Int, took: Interval, mayLeave: Bool)
    /// A model that has been in memory before could not be loaded.
    case loadFailed(PagedModelID)
    /// A model has left memory, as it was told to.
    case left(PagedModelID)
    /// A model was told to leave memory and stays, because work came first.
    case stayed(PagedModelID)
    /// A model is gone for good, and its memory with it.
    case removed(PagedModelID)
    /// The wake-up asked for by ``ModelPager/nextWakeup``.
    case timerFired
}

/// What a ``ModelPager`` wants done.
package enum PagerAction: Sendable, Equatable {
    /// Load the model.
    case load(PagedModelID)
    /// Take the model out of memory, if it is still idle.
    case pageOut(PagedModelID)
    /// Give the model up: it does not fit, or there was no room for it in time.
    case refuse(PagedModelID)
    /// Look at the model again as soon as it is idle.
    case watch(PagedModelID)
    /// Judge newcomers of a model that is not in memory by this.
    case expect(PagedModelID, PageExpectation)
}

/// When a model that is not in memory could serve.
package struct PageExpectation: Sendable, Equatable {
    /// When loading can begin, or has begun.
    package var from: Instant
    /// How long loading takes.
    package var load: Interval
    /// Whether it has begun.
    package var isLoading: Bool

    /// An expectation; see the properties.
    package init(from: Instant, load: Interval, isLoading: Bool = false) {
        self.from = from
        self.load = load
        self.isLoading = isLoading
    }

    /// When the model could serve, as far as is known at `now`.
    package func ready(at now: Instant) -> Instant {
        isLoading ? max(now, from + load) : max(now, from) + load
    }
}
