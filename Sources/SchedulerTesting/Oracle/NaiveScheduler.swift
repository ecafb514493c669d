internal import ControlCore
package import SchedulerCore
internal import ServingModel
package import TraceFormat

/// The scheduler again, written to be read rather than to be fast: plain arrays, linear scans, no
/// order statistics, no running sums.
///
/// It shares ``LatencyModel`` and ``DecayedRate`` with the shipping machine and nothing else; the two
/// must answer every event with the same actions. `limits` counts, not `rows`, are small in the tests
/// that use it: a decision costs O(n²).
package struct NaiveScheduler {
    struct Waiting {
        var arrival: Arrival
        var arrivedAt: Instant
        var classIndex: Int
        var sequence: Int
        /// The queue it waits in.
        var queue: Queue
        /// What it adds to a batch.
        var size: Int
        /// Whose share it uses.
        var account = 0
        /// Its place in the queue, and the deadline that is planned with.
        var key = Instant.distantFuture
    }

    /// Only requests of one queue share a batch.
    struct Queue: Hashable {
        var shape: ShapeID
        /// Whether its requests want the full model.
        var isExact: Bool
        /// What its rows are padded to; 0 where the model does not pad.
        var length = 0
    }

    /// Batches of one shape share a model of what they cost.
    struct ShapeState {
        var queue: Queue
        /// By variant, the full model first.
        var models: [LatencyModel]
        var lastUsed: UInt64 = 0
        var running = 0
        var credit = 0.0
    }

    struct Seat: Equatable {
        var isInService = false
        /// May take one request alone.
        var isOnTrial = false
        /// In service, but not to work before it reports ready, which is expected then.
        var heldUntil: Instant?
        var job: Job?

        struct Job: Equatable {
            var rows: Int
            var shape: Int
            var variant: Int
            var started: Instant
            var predictedEnd: Instant
        }
    }

    struct ClassTraffic {
        var arrivals: DecayedRate
        var recent: DecayedRate
        var rejects: DecayedRate
        var tightest: Interval
    }

    private(set) var configuration: SchedulerConfiguration
    private let widestBatch: Int
    private let longestQueue: Int
    var waiting: [Waiting] = []
    var shapes: [ShapeState] = []
    var seats: [Seat]
    var traffic: [ClassTraffic]
    var isDraining = false
    var launched: UInt64 = 0
    var sequence = 0
    var actions: [Action] = []
    var members: [RequestID] = []
    /// Which variants are loaded, the full model first.
    var resident: [Bool]
    /// Where the ladder of variants begins.
    var preferred = 0
    var accounts: [Account] = []
    var lookups = 0
    /// By class, where the account served last stood.
    var served: [Double]
    /// Rejects of all classes, with a short memory.
    var shed: DecayedRate

    var maxBatchSize: Int {
        configuration.lengths?.maxBatchUnits ?? configuration.maxBatchRows
    }

    /// A scheduler without requests, whose instances are all absent.
    package init(_ configuration: SchedulerConfiguration) {
        self.configuration = configuration
        widestBatch = configuration.maxBatchRows
        longestQueue = configuration.maxQueuedRequests
        served = configuration.classes.map { _ in 0 }
        shed = DecayedRate(
            timeConstant: configuration.burstSplit?.timeConstant ?? .milliseconds(200))
        resident =
            [true] + configuration.cheaperVariants.map { _ in configuration.variantsAreResident }
        seats = Array(repeating: Seat(), count: configuration.instances)
        traffic = configuration.classes.map {
            ClassTraffic(
                arrivals: DecayedRate(timeConstant: configuration.rateTimeConstant),
                recent: DecayedRate(timeConstant: configuration.recentTimeConstant),
                rejects: DecayedRate(
                    timeConstant: max(configuration.rateTimeConstant, $0.defaultDeadline / 2)),
                tightest: $0.defaultDeadline)
        }
        _ = account(.none, -1, at: .origin)
    }

    /// Takes an event and answers the whole step.
    package mutating func step(_ input: TimedEvent) -> Step {
        actions = []
        members = []
        let now = input.at
        switch input.event {
        case .arrived(let arrival):
            arrive(arrival, at: now)
            if !arrival.isFollowed { serve(at: now) }
        case .cancelled(let id):
            if let index = waiting.firstIndex(where: { $0.arrival.id == id }) {
                waiting.remove(at: index)
                actions.append(.cancelled(id))
            }
        case .completed(let instance, let result):
            complete(instance.rawValue, result, at: now)
            serve(at: now)
        case .instanceReady(let instance):
            let wasInService = seats[instance.rawValue].isInService
            let wasHeld = seats[instance.rawValue].heldUntil != nil
            seats[instance.rawValue].isInService = true
            seats[instance.rawValue].isOnTrial = false
            seats[instance.rawValue].heldUntil = nil
            if !wasInService || wasHeld { serve(at: now) }
        case .instanceLost(let instance):
            lose(instance.rawValue, at: now)
        case .probe(let instance):
            let seat = seats[instance.rawValue]
            guard !seat.isInService, seat.job == nil, !seat.isOnTrial else { break }
            seats[instance.rawValue].isOnTrial = true
            serve(at: now)
        case .timerFired:
            giveUpHopeless(at: now)
        case .turnedAway(let priorityClass, let rows):
            let index = min(priorityClass.rawValue, configuration.classes.count - 1)
            traffic[index].arrivals.add(rows, at: now)
            traffic[index].recent.add(rows, at: now)
            traffic[index].rejects.add(rows, at: now)
            shed.add(rows, at: now)
        case .draining:
            isDraining = true
        case .limited(let rows):
            configuration.maxBatchRows = min(max(rows, 1), widestBatch)
        case .queueLimited(let requests):
            configuration.maxQueuedRequests = min(max(requests, 1), longestQueue)
            refuseBeyondLimit(at: now)
        case .preferred(let variant):
            preferred = variant.rawValue
        case .variant(let variant, let isResident):
            resident[variant.rawValue] = isResident
        case .held(let instance, let until):
            let seat = seats[instance.rawValue]
            if seat.isInService, seat.job == nil { seats[instance.rawValue].heldUntil = until }
        case .granted:
            // Arbitrated schedulers have a check of their own: see the tests of groups.
            break
        }
        return Step(input: input, actions: actions, members: members)
    }

    // MARK: Arrivals

    private mutating func arrive(_ arrival: Arrival, at now: Instant) {
        supersede(arrival)
        if exceedsQuota(arrival, at: now) { return }
        let index = classIndex(of: arrival)
        sequence += 1
        var request = Waiting(
            arrival: arrival, arrivedAt: now, classIndex: index, sequence: sequence,
            queue: Queue(
                shape: arrival.shape,
                isExact: !arrival.allowsCheaperVariant && resident.count > 1,
                length: configuration.lengths?.padded(arrival.length) ?? 0),
            size: size(arrival))
        if hasTenants { request.account = account(of: arrival, at: now) }
        traffic[index].arrivals.add(request.size, at: now)
        traffic[index].recent.add(request.size, at: now)

        if isDraining { return reject(request, .draining, at: now) }
        let starts = seats.filter(\.isInService).map {
            max(now, $0.job?.predictedEnd ?? $0.heldUntil ?? now)
        }
        let trial = seats.contains(where: \.isOnTrial) ? now : nil
        guard let start = starts.min() ?? trial else {
            return reject(request, .noInstance, at: now)
        }
        guard let shape = adopt(request.queue) else { return reject(request, .queueFull, at: now) }
        request.key = key(of: request, shapes[shape].models[0], at: now)
        guard start + needed(by: request, shapes[shape]) <= arrival.deadline else {
            return reject(request, .deadlineUnreachable, at: now)
        }
        let quickest = allowed(shapes[shape]).last ?? 0
        guard fits(request, shapes[shape].models[quickest], startingAt: start, at: now) else {
            return reject(request, .deadlineUnreachable, at: now)
        }
        guard makeRoom(for: request, at: now) else { return reject(request, .queueFull, at: now) }
        if arrival.deadline != .distantFuture { note(index, now.interval(to: arrival.deadline)) }
        lift(request)
        waiting.append(request)
        spendQuota(arrival, at: now)
    }

    private mutating func note(_ index: Int, _ relative: Interval) {
        let tightest = traffic[index].tightest
        traffic[index].tightest =
            relative <= tightest
            ? relative : tightest + (min(relative, .seconds(3_600)) - tightest) / 64
    }

    private mutating func adopt(_ queue: Queue) -> Int? {
        if let known = shapes.firstIndex(where: { $0.queue == queue }) { return known }
        let twin = shapes.first { $0.queue.shape == queue.shape }
        let fresh = ShapeState(
            queue: queue,
            models: twin?.models ?? [configuration.latency] + configuration.cheaperVariants)
        if shapes.count < configuration.maxShapes {
            shapes.append(fresh)
            return shapes.count - 1
        }
        let unused = shapes.indices.filter { index in
            shapes[index].running == 0 && !waiting.contains { $0.queue == shapes[index].queue }
        }
        guard let oldest = unused.min(by: { shapes[$0].lastUsed < shapes[$1].lastUsed }) else {
            return nil
        }
        shapes[oldest] = fresh
        return oldest
    }

    /// The variants that requests of a queue may have now, each quicker than the one before.
    func allowed(_ state: ShapeState) -> [Int] {
        var allowed = [0]
        for variant in resident.indices.dropFirst() where resident[variant] && !state.queue.isExact
        {
            let last = allowed[allowed.count - 1]
            if state.models[variant].isQuicker(than: state.models[last]) { allowed.append(variant) }
        }
        return allowed
    }

    /// Time that a request needs alone, by the quickest variant.
    func needed(by request: Waiting, _ state: ShapeState) -> Interval {
        let quickest = allowed(state).last ?? 0
        return state.models[quickest].latency(rows: request.size)
            + configuration.guardInterval
    }

    private mutating func makeRoom(for request: Waiting, at now: Instant) -> Bool {
        guard request.arrival.bytes <= configuration.maxQueuedBytes else { return false }
        while waiting.count >= configuration.maxQueuedRequests
            || waiting.reduce(request.arrival.bytes, { $0 + $1.arrival.bytes })
                > configuration.maxQueuedBytes
        {
            let lesser = waiting.indices.filter { waiting[$0].classIndex > request.classIndex }
            guard
                let victim = lesser.max(by: {
                    (waiting[$0].classIndex, waiting[$0].key, waiting[$0].sequence)
                        < (
                            waiting[$1].classIndex, waiting[$1].key,
                            waiting[$1].sequence
                        )
                })
            else {
                guard let greedy = greediestNewest(than: request) else { return false }
                reject(waiting.remove(at: greedy), .displaced, at: now)
                continue
            }
            reject(waiting.remove(at: victim), .displaced, at: now)
        }
        return true
    }

    mutating func reject(_ request: Waiting, _ reason: RejectReason, at now: Instant) {
        traffic[request.classIndex].rejects.add(request.size, at: now)
        shed.add(request.size, at: now)
        let model = shapes.max { $0.lastUsed < $1.lastUsed }?.models[0] ?? configuration.latency
        let rows = max(waiting.reduce(0) { $0 + $1.size }, 1)
        let serving = max(seats.count { $0.isInService }, 1)
        let rate = model.throughput(rows: min(rows, maxBatchSize)) * Double(serving)
        let backlog = Interval(milliseconds: Double(rows) / rate)
        actions.append(.reject(request.arrival.id, reason, retryAfter: backlog))
    }

    // MARK: Instances

    private mutating func complete(_ instance: Int, _ result: BatchResult, at now: Instant) {
        guard let job = seats[instance].job else { return }
        seats[instance].job = nil
        shapes[job.shape].running -= 1
        if result == .success {
            let took = job.started.interval(to: now)
            shapes[job.shape].models[job.variant].observe(rows: job.rows, took: took)
            let learnt = shapes[job.shape]
            for index in shapes.indices
            where shapes[index].queue.shape == learnt.queue.shape
                && (resident.count > 1 || configuration.lengths != nil)
            {
                shapes[index].models = learnt.models
            }
        }
    }

    private mutating func lose(_ instance: Int, at now: Instant) {
        guard seats[instance].isInService || seats[instance].isOnTrial else { return }
        seats[instance].isInService = false
        seats[instance].isOnTrial = false
        seats[instance].heldUntil = nil
        serveTrials(at: now)
        refuseUnserved(at: now)
    }

    mutating func refuseUnserved(at now: Instant) {
        guard !seats.contains(where: { $0.isInService || $0.isOnTrial }) else { return }
        for queue in shapes.map(\.queue) {
            for index in configuration.classes.indices {
                while let head = head(index, queue) {
                    reject(waiting.remove(at: head), .noInstance, at: now)
                }
            }
        }
    }

    /// Position of the earliest request of a class and queue.
    func head(_ classIndex: Int, _ queue: Queue) -> Int? {
        waiting.indices
            .filter {
                waiting[$0].classIndex == classIndex && waiting[$0].queue == queue
            }
            .min { precedes(waiting[$0], waiting[$1]) }
    }

    func precedes(_ left: Waiting, _ right: Waiting) -> Bool {
        (left.key, left.sequence) < (right.key, right.sequence)
    }

    mutating func giveUpHopeless(at now: Instant) {
        for state in shapes {
            for index in configuration.classes.indices {
                while let head = head(index, state.queue) {
                    let end = now + needed(by: waiting[head], state)
                    guard end > waiting[head].arrival.deadline else { break }
                    reject(waiting.remove(at: head), .deadlineMissed, at: now)
                }
            }
        }
    }
}
