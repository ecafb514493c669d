internal import ControlCore
package import ServingModel

/// Which of a server's models are in memory, when not all of them fit.
///
/// A value of the same form as the schedulers: events and the time go in, actions come out. Requests stay
/// in their own model's scheduler, which judges, orders and ends them; the pager tells it when the model
/// could serve. Its rules are those of ``DeviceGroup`` where memory is concerned, for models that load one
/// after the other into memory of one kind:
///
/// - A model comes in for work that waits, the most urgent first, or for traffic that was refused because
///   it was not there, where that is worth more than what leaves.
/// - Idle models make room, the least valuable first: recent traffic, weighted by class, times what it
///   costs to bring the model back, for each byte that it holds. Equals leave in the order of last use.
/// - Nobody leaves with work in flight, nor sooner after its load than ``Settings/minimumResidency`` and
///   the time that loading took, so that models which do not fit together do not spend the machine on
///   loading each other.
/// - Work that can wait for the least valuable model to be idle does, instead of sending a better one away.
///
/// Invariants, checked by ``checkInvariants()``:
/// - P1 what is in memory, is coming in or is on its way out is within the limit, but for what a load turned
///   out to need beyond its estimate; then nothing comes in before the excess has left;
/// - P2 one model comes in at a time, and none while another leaves.
package struct ModelPager: Sendable {
    /// The limits and constants of a pager.
    package struct Settings: Sendable, Equatable {
        /// Bytes that all models may hold together.
        package var limit: Int
        /// The least time between a model's load and its leaving.
        package var minimumResidency = Interval.seconds(1)
        /// A model that nobody asked for so long leaves, room or no room.
        package var idleAfter = Interval.never
        /// Time constant of the traffic that makes a model valuable.
        package var trafficMemory = Interval.seconds(30)
        /// How many times more than what leaves refused traffic must be worth.
        package var hysteresis = 2.0

        /// The standard settings under a limit.
        package init(limit: Int) {
            self.limit = limit
        }
    }

    /// What the pager was built with.
    package let settings: Settings

    var models: [PagedModel] = []
    var actions: [PagerAction] = []
    /// When to look again, whatever happens.
    var retryAt: Instant?

    /// A pager without models.
    package init(_ settings: Settings) {
        precondition(settings.limit > 0, "a memory limit of \(settings.limit) bytes")
        precondition(settings.hysteresis >= 1, "hysteresis of \(settings.hysteresis)")
        self.settings = settings
    }

    /// Takes one event that happened at `now` and answers what to do.
    ///
    /// - Complexity: O(m² log m) for m models, which are few, and rare but for ``PagerEvent/seen``.
    package mutating func handle(_ event: PagerEvent, at now: Instant) -> [PagerAction] {
        actions = []
        let settings = settings
        switch event {
        case .seen(let id, let sighting):
            note(sighting, of: id, at: now)
            return []
        case .added(let id, let bytes, let giveUp):
            precondition(index(of: id) == nil, "model \(id.rawValue) was added twice")
            models.append(PagedModel(id, bytes: bytes, giveUp: giveUp, settings.trafficMemory))
        case .loaded(let id, let bytes, let took, let mayLeave):
            change(id) { model in
                let stay = max(settings.minimumResidency, took)
                let isFirst = !model.isKnown
                model.learn(bytes: bytes, took: took, limit: settings.limit)
                model.mayLeave = mayLeave
                // One that was loaded before anybody asked for it may make room for one that is asked for.
                model.place = .resident(until: isFirst ? now : now + stay)
                model.failures = 0
                model.expectation = nil
                model.missed = DecayedRate(timeConstant: settings.trafficMemory)
            }
        case .loadFailed(let id):
            change(id) { $0.fail(at: now) }
        case .left(let id):
            change(id) { $0.place = .absent }
        case .stayed(let id):
            change(id) { model in
                model.place = .resident(until: now)
                model.isIdle = false
                model.expectation = nil
            }
        case .removed(let id):
            models.removeAll { $0.id == id }
        case .timerFired: break
        }
        decide(at: now)
        return actions
    }

    /// When the pager wants to be asked again, unless something happens before.
    package var nextWakeup: Instant? {
        let due = models.compactMap { model in
            model.isKnown || model.place != .absent ? nil : model.giveUp
        }
        return (due + [retryAt].compactMap(\.self)).min()
    }

    // MARK: Reading

    /// Bytes that are taken.
    package var used: Int { models.reduce(0) { $1.place == .absent ? $0 : $0 + $1.bytes } }

    /// What a model holds, or would hold, as far as is known.
    package func bytes(of id: PagedModelID) -> Int { index(of: id).map { models[$0].bytes } ?? 0 }

    /// What loading a model takes, as far as is known.
    package func loadTime(of id: PagedModelID) -> Interval {
        index(of: id).map { models[$0].loadTime } ?? .zero
    }

    /// Traps when the pager's books disagree.
    package func checkInvariants() {
        let isOver = used > settings.limit
        precondition(
            !isOver || !models.contains { $0.isLoading }, "P1: a load beyond the memory limit")
        let moving = models.count { $0.isLoading }
        precondition(moving <= 1, "P2: \(moving) models come in at once")
        precondition(
            moving == 0 || !models.contains { $0.place == .leaving },
            "P2: a model comes in while another leaves")
    }

    // MARK: Books

    func index(of id: PagedModelID) -> Int? { models.firstIndex { $0.id == id } }

    private mutating func change(_ id: PagedModelID, _ body: (inout PagedModel) -> Void) {
        // What is gone for good may still be heard of.
        guard let index = index(of: id) else { return }
        body(&models[index])
    }

    private mutating func note(_ sighting: PageSighting, of id: PagedModelID, at now: Instant) {
        change(id) { model in
            model.isIdle = sighting.isIdle
            model.demand = sighting.demand
            if sighting.missed > 0 { model.missed.add(sighting.missed, at: now) }
            model.count(sighting.weight, until: min(sighting.lastUsed, now))
            model.seen = now
        }
    }
}

/// One model in the pager's books.
struct PagedModel: Sendable {
    /// Where a model is.
    enum Place: Sendable, Equatable {
        /// Not in memory.
        case absent
        /// On its way into memory.
        case loading(since: Instant)
        /// In memory, and not to leave before a certain time.
        case resident(until: Instant)
        /// Told to leave.
        case leaving
    }

    let id: PagedModelID
    /// What it holds: an estimate, then what was measured.
    var bytes: Int
    /// Until when a first load may wait for room.
    let giveUp: Instant
    /// Whether it has ever been loaded.
    var isKnown = false
    var mayLeave = true
    var place = Place.absent
    var loadTime = Interval.zero
    var isIdle = true
    var demand: PageDemand?
    /// Weighted requests per millisecond.
    var traffic: DecayedRate
    /// Requests per millisecond that were refused for want of the model.
    var missed: DecayedRate
    var lastUsed = Instant.origin
    var seen = Instant.origin
    var failures = 0
    /// A load that failed is not tried again before.
    var notBefore = Instant.origin
    /// What newcomers are judged by at present.
    var expectation: PageExpectation?

    /// What it held when it was first loaded, alone and with full batches.
    private var leastBytes = 0
    private let trafficMemory: Interval

    init(_ id: PagedModelID, bytes: Int, giveUp: Instant, _ trafficMemory: Interval) {
        self.id = id
        self.bytes = bytes
        self.giveUp = giveUp
        self.trafficMemory = trafficMemory
        traffic = DecayedRate(timeConstant: trafficMemory)
        missed = traffic
    }

    var isLoading: Bool { if case .loading = place { true } else { false } }

    /// Until when it stays in memory whatever happens; `nil` unless it is there.
    var staysUntil: Instant? { if case .resident(let until) = place { until } else { nil } }

    /// What its place in memory is worth.
    func value(at now: Instant) -> Double {
        traffic.value(at: now) * loadTime.milliseconds / Double(max(bytes, 1))
    }

    /// Learns from a load. Further loads are measured amid the traffic of others and without full batches,
    /// so they count by a quarter and never below the first. A time is believed at once when it is longer,
    /// because promises are made by it.
    mutating func learn(bytes measured: Int, took: Interval, limit: Int) {
        if isKnown {
            bytes = min(max(bytes + (measured - bytes) / 4, leastBytes), limit)
            loadTime = took > loadTime ? took : loadTime - (loadTime - took) / 4
        } else {
            bytes = measured
            leastBytes = measured
            loadTime = took
        }
        isKnown = true
    }

    /// Gives a load up and tries again after a pause that doubles.
    mutating func fail(at now: Instant) {
        place = .absent
        failures += 1
        notBefore = now + max(loadTime, .milliseconds(100)) * (1 << UInt64(min(failures, 6)))
    }

    /// Counts requests that came since it was last seen, the latest at `end`, as if evenly spread.
    mutating func count(_ weight: Int, until end: Instant) {
        guard weight > 0 else { return }
        lastUsed = max(lastUsed, end)
        let spread = seen.interval(to: end).milliseconds / trafficMemory.milliseconds
        let part = spread > 0.01 ? (1 - decay(spread)) / spread : 1
        traffic.add(max(Int((Double(weight) * part).rounded()), 1), at: end)
    }
}
