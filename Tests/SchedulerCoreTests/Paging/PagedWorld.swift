internal import SchedulerCore
internal import SchedulerTesting
internal import ServingModel
internal import Simulator

/// Whatever decides which models are in memory.
protocol PagingPolicy {
    mutating func handle(_ event: PagerEvent, at now: Instant) -> [PagerAction]
    var nextWakeup: Instant? { get }
}

extension ModelPager: PagingPolicy {}

/// A server of several models in virtual time: one device for each, first come, first served, and memory
/// for some of them. It does what a shell would, and complains about a pager that breaks a rule.
struct PagedWorld {
    struct Model {
        var bytes: Int
        var load: Interval
        var compute: Interval
    }

    struct Request {
        var at: Instant
        var model: Int
        var deadline: Instant
    }

    /// What became of the requests.
    struct Outcome {
        var answered = 0
        var refused = 0
        var expired = 0
        var loads = 0
        var longestWait = Interval.zero
    }

    /// The ground truth of one model.
    private struct Site {
        enum Place: Equatable { case absent, loading, resident, leaving }

        var place = Place.absent
        /// When the load or the leaving under way is over.
        var movesUntil = Instant.distantFuture
        var loadedAt = Instant.origin
        var loadTook = Interval.zero
        var isFirst = true
        var queue: [Request] = []
        var running: Request?
        var computesUntil = Instant.distantFuture
        var expectation = PageExpectation(from: .origin, load: .zero)
        var lastUsed = Instant.origin
        var weight = 0
        var missed = 0
        var isWatched = false

        var isIdle: Bool { queue.isEmpty && running == nil }
    }

    let models: [Model]
    let settings: ModelPager.Settings
    /// Whether the rules of ``ModelPager`` are checked, or only that memory is enough.
    var isStrict = true
    /// Part of the page-outs that a request overtakes.
    var races = 0.0

    private var sites: [Site] = []
    private var now = Instant(nanoseconds: 1_000_000_000)
    private var outcome = Outcome()
    private var random: Seeded

    init(_ models: [Model], _ settings: ModelPager.Settings, _ random: Seeded) {
        self.models = models
        self.settings = settings
        self.random = random
    }

    /// Runs the requests, which come in order, and answers what became of them.
    mutating func run(
        _ requests: [Request], under pager: inout some PagingPolicy
    ) throws -> Outcome {
        for (index, model) in models.enumerated() {
            sites.append(Site())
            let id = PagedModelID(index)
            try consult(
                .added(id, bytes: model.bytes, giveUp: now + .seconds(3_600)), &pager)
            while sites[index].place != .resident { try step(&pager, until: .distantFuture) }
        }
        let begin = now
        for request in requests {
            let at = begin + Instant.origin.interval(to: request.at)
            try step(&pager, until: at)
            now = at
            try arrive(
                Request(
                    at: at, model: request.model,
                    deadline: begin + Instant.origin.interval(to: request.deadline)), &pager)
        }
        while sites.contains(where: { !$0.isIdle }) { try step(&pager, until: .distantFuture) }
        let ended = outcome.answered + outcome.refused + outcome.expired
        try require(ended >= requests.count, "\(ended) of \(requests.count) requests ended")
        return outcome
    }

    // MARK: Time

    /// Lives up to `end`, or, where that is never, through the next event.
    private mutating func step(_ pager: inout some PagingPolicy, until end: Instant) throws {
        var guardRail = 0
        while true {
            let next = nextEvent(pager)
            try require(
                end != .distantFuture || next != .distantFuture, "requests wait for nothing")
            guard next < end || (end == .distantFuture) else { return }
            now = max(now, next)
            try happen(&pager)
            guardRail += 1
            try require(guardRail < 100_000, "the pager spins at \(now)")
            if end == .distantFuture { return }
        }
    }

    private func nextEvent(_ pager: some PagingPolicy) -> Instant {
        var next = pager.nextWakeup ?? .distantFuture
        for (index, site) in sites.enumerated() {
            next = min(next, site.movesUntil, site.computesUntil)
            for waiting in site.queue {
                next = min(next, waiting.deadline - models[index].compute + .microseconds(1))
            }
        }
        return next
    }

    private mutating func happen(_ pager: inout some PagingPolicy) throws {
        for index in sites.indices {
            if sites[index].movesUntil <= now { try moved(index, &pager) }
            if sites[index].computesUntil <= now { try computed(index, &pager) }
            expire(index)
        }
        if let due = pager.nextWakeup, due <= now { try consult(.timerFired, &pager) }
    }

    private mutating func expire(_ index: Int) {
        let compute = models[index].compute
        let before = sites[index].queue.count
        sites[index].queue.removeAll { $0.deadline < now + compute }
        outcome.expired += before - sites[index].queue.count
    }

    // MARK: Requests

    private mutating func arrive(_ request: Request, _ pager: inout some PagingPolicy) throws {
        let index = request.model
        sites[index].lastUsed = now
        sites[index].weight += 1
        if sites[index].place == .resident {
            sites[index].queue.append(request)
            serve(index)
            return
        }
        let ready = sites[index].expectation.ready(at: now)
        let work = models[index].compute * UInt64(sites[index].queue.count + 1)
        if ready + work > request.deadline {
            try checkRefusal(index)
            outcome.refused += 1
            sites[index].missed += 1
        } else {
            sites[index].queue.append(request)
        }
        if sites[index].place == .absent { try consult(.timerFired, &pager) }
    }

    /// A promise counts no more than everybody's load and stay, one after the other.
    private func checkRefusal(_ index: Int) throws {
        guard isStrict else { return }
        let longest = models.reduce(Interval.zero) {
            let load = $1.load * 130 / 100
            return $0 + load + max(settings.minimumResidency, load)
        }
        let ready = sites[index].expectation.ready(at: now)
        try require(
            now.interval(to: ready) <= longest + .milliseconds(10),
            "a refusal for \(now.interval(to: ready))")
    }

    private mutating func serve(_ index: Int) {
        expire(index)
        guard sites[index].running == nil, !sites[index].queue.isEmpty else { return }
        let request = sites[index].queue.removeFirst()
        outcome.longestWait = max(outcome.longestWait, request.at.interval(to: now))
        sites[index].running = request
        sites[index].computesUntil = now + models[index].compute
    }

    private mutating func computed(
        _ index: Int, _ pager: inout some PagingPolicy
    ) throws {
        sites[index].running = nil
        sites[index].computesUntil = .distantFuture
        outcome.answered += 1
        serve(index)
        if sites[index].isIdle, sites[index].isWatched {
            sites[index].isWatched = false
            try consult(.timerFired, &pager)
        }
    }

    // MARK: Memory

    private mutating func moved(_ index: Int, _ pager: inout some PagingPolicy) throws {
        sites[index].movesUntil = .distantFuture
        let id = PagedModelID(index)
        if sites[index].place == .leaving {
            sites[index].place = .absent
            return try consult(.left(id), &pager)
        }
        sites[index].place = .resident
        sites[index].loadedAt = now
        serve(index)
        try consult(
            .loaded(id, bytes: models[index].bytes, took: sites[index].loadTook, mayLeave: true),
            &pager)
    }

    private mutating func consult(
        _ event: PagerEvent, _ pager: inout some PagingPolicy
    ) throws {
        for (index, site) in sites.enumerated() {
            let head = site.queue.first
            let sighting = PageSighting(
                isIdle: site.isIdle, lastUsed: site.lastUsed, weight: site.weight,
                demand: site.place == .resident
                    ? nil
                    : head.map {
                        PageDemand(
                            topClass: 0, latestStart: $0.deadline - models[index].compute,
                            arrival: $0.at)
                    }, missed: site.missed)
            sites[index].weight = 0
            sites[index].missed = 0
            _ = pager.handle(.seen(PagedModelID(index), sighting), at: now)
        }
        for action in pager.handle(event, at: now) { try carryOut(action, &pager) }
        let used = zip(models, sites).reduce(0) { $1.1.place == .absent ? $0 : $0 + $1.0.bytes }
        try require(used <= settings.limit, "\(used) of \(settings.limit) bytes")
    }

    private mutating func carryOut(
        _ action: PagerAction, _ pager: inout some PagingPolicy
    ) throws {
        switch action {
        case .load(let id):
            let index = id.rawValue
            try require(sites[index].place == .absent, "a load of what is \(sites[index].place)")
            let took =
                models[index].load * UInt64(random.integer(in: 80...130)) / 100
            sites[index].place = .loading
            sites[index].movesUntil = now + took
            sites[index].loadTook = took
            outcome.loads += 1
        case .pageOut(let id): try pageOut(id.rawValue, &pager)
        case .watch(let id): sites[id.rawValue].isWatched = true
        case .expect(let id, let expectation): sites[id.rawValue].expectation = expectation
        case .refuse(let id): try require(false, "model \(id.rawValue) was refused")
        }
    }

    private mutating func pageOut(
        _ index: Int, _ pager: inout some PagingPolicy
    ) throws {
        try require(sites[index].place == .resident, "a page-out of what is not there")
        try require(sites[index].isIdle, "a page-out with work in flight")
        if isStrict, !sites[index].isFirst {
            let stay = max(settings.minimumResidency, sites[index].loadTook)
            try require(
                sites[index].loadedAt + stay <= now,
                "model \(index) stayed \(sites[index].loadedAt.interval(to: now)) of \(stay)")
        }
        if random.chance(races) {
            let request = Request(at: now, model: index, deadline: now + .seconds(3_600))
            sites[index].queue.append(request)
            serve(index)
            return try consult(.stayed(PagedModelID(index)), &pager)
        }
        sites[index].isFirst = false
        sites[index].place = .leaving
        sites[index].movesUntil = now + .milliseconds(2)
    }
}

/// What anybody would write first: whoever is asked for comes in, whoever was used last goes.
struct NaivePager: PagingPolicy {
    let limit: Int
    private var models: [PagedModelID: Entry] = [:]

    private struct Entry {
        var bytes: Int
        var place = 0
        var load = Interval.zero
        var sighting = PageSighting(isIdle: true)
        var isKnown = false
    }

    init(limit: Int) {
        self.limit = limit
    }

    var nextWakeup: Instant? { nil }

    mutating func handle(_ event: PagerEvent, at now: Instant) -> [PagerAction] {
        switch event {
        case .seen(let id, let sighting):
            models[id]?.sighting = sighting
            return []
        case .added(let id, let bytes, _): models[id] = Entry(bytes: bytes)
        case .loaded(let id, _, let took, _):
            models[id]?.place = 2
            models[id]?.load = took
            models[id]?.isKnown = true
        case .loadFailed(let id), .left(let id): models[id]?.place = 0
        case .stayed(let id):
            models[id]?.place = 2
            models[id]?.sighting.isIdle = false
        case .removed(let id): models[id] = nil
        case .timerFired: break
        }
        return decide()
    }

    private mutating func decide() -> [PagerAction] {
        guard !models.values.contains(where: { $0.place == 1 || $0.place == 3 }) else { return [] }
        let wanted = models.filter {
            $0.value.place == 0 && ($0.value.sighting.demand != nil || !$0.value.isKnown)
        }
        .min {
            ($0.value.sighting.demand?.arrival ?? .origin, $0.key)
                < ($1.value.sighting.demand?.arrival ?? .origin, $1.key)
        }
        guard let wanted else { return [] }
        let used = models.values.reduce(0) { $1.place == 0 ? $0 : $0 + $1.bytes }
        guard used + wanted.value.bytes > limit else {
            models[wanted.key]?.place = 1
            return [.load(wanted.key)]
        }
        let residents = models.filter { $0.value.place == 2 }
        let victim = residents.filter { $0.value.sighting.isIdle }.min {
            ($0.value.sighting.lastUsed, $0.key) < ($1.value.sighting.lastUsed, $1.key)
        }
        guard let victim else { return residents.keys.sorted().map { .watch($0) } }
        models[victim.key]?.place = 3
        return [
            .pageOut(victim.key),
            .expect(victim.key, PageExpectation(from: .origin, load: victim.value.load)),
        ]
    }
}
