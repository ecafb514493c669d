package import ControlCore
internal import SchedulerCore
package import ServingModel

/// The state behind a served model's lock: the scheduler, and the requests that its ids stand for.
///
/// Every entry is one event: hand it to the machine, translate the actions into ``Work``, and leave
/// the lock before acting on them.
struct Funnel: ~Copyable {
    var scheduler: Scheduler
    private var actions = ActionBuffer()
    private var waiting = RequestSlab<InferenceRequest>()
    private var shapes = ShapeInterner()
    private var armed = Instant.distantFuture
    /// Requests handed in whose end has not been decided or computed.
    var inFlight = 0
    /// What each instance runs.
    var running: [Batch?]
    /// Takes instances that do not work out of service.
    var breakers: BreakerPanel?
    /// Changes settings where the model is not well.
    var health: HealthKeeper?
    /// Brings cheaper variants in and lets them go; `nil` where they are always there.
    var ladder: VariantLadder?
    /// Tells refused clients when to come back.
    private var advice = RetryAdvice()
    /// The instance that is being made anew, if one is.
    var renewing: InstanceID?
    /// Whether warm-up has told what batches cost, whatever their shape.
    private let knowsCosts: Bool
    /// What whoever decides about memory wants to know.
    var paging = Paging()

    init(
        _ scheduler: consuming Scheduler, gate: Gate, breaker: BreakerSettings?,
        health: HealthKeeper? = nil, ladder: VariantLadder? = nil, knowsCosts: Bool,
        tape: SchedulerTape? = nil
    ) {
        let instances = scheduler.configuration.instances
        running = Array(repeating: nil, count: instances)
        breakers = breaker.map { BreakerPanel(instances: instances, $0) }
        self.health = health
        self.ladder = ladder
        self.knowsCosts = knowsCosts
        self.scheduler = scheduler
        self.gate = gate
        self.tape = tape
    }

    /// Where events and answers are recorded, if they are.
    private let tape: SchedulerTape?

    /// The notice board for newcomers.
    private let gate: Gate

    /// What is to be done once the lock is released.
    struct Work: Sendable {
        var launches: [(instance: InstanceID, batch: Batch)] = []
        var endings: [Ending] = []
        /// How many of each class never came in.
        var turnedAway: [(priorityClass: ClassIndex, count: Int)] = []
        /// Batches that do not end, and that nobody waits for any more.
        var givenUp: [Batch] = []
        /// What the breakers decided.
        var decisions: [BreakerDecision] = []
        /// What the health rules changed, or would have.
        var changes: [HealthChange] = []
        /// A variant that is to come or to go.
        var move: VariantLadder.Move?
        /// A new earliest wake-up to arm.
        var wakeup: Instant?
        /// Whether requests came for a model that is not in memory, or one that is watched is idle.
        var concernsMemory = false
    }

    /// A request that the scheduler ended without running it.
    struct Ending: Sendable {
        var request: InferenceRequest
        var error: ServingError
        var ended: Instant
        /// Why, unless the client gave up.
        var reason: RejectReason?
        /// Whether the model was not in memory.
        var isModelAbsent = false
    }

    /// A summary for observers.
    var load: ModelLoad {
        ModelLoad(
            queuedRequests: scheduler.queuedRequests, queuedRows: scheduler.queuedRows,
            queuedBytes: scheduler.queuedBytes, inFlight: inFlight,
            queuedByClass: scheduler.configuration.classes.indices.map {
                scheduler.queuedRequests(of: ClassIndex($0))
            },
            predictedSingle: scheduler.latency.latency(rows: 1),
            predictedFull: scheduler.latency.latency(rows: scheduler.configuration.maxBatchRows),
            maxBatchRows: scheduler.configuration.maxBatchRows,
            instances: breakers?.readings ?? [], health: healthReading)
    }

    /// Hands requests that arrived together to the scheduler.
    ///
    /// - Parameter busy: On a shared device, when it should be free.
    mutating func submit(
        _ requests: [InferenceRequest], busy: Instant? = nil, at now: Instant
    ) -> Work {
        if let busy { decide(.held(InstanceID(0), until: max(busy, now)), at: now) }
        if paging.absence != nil { holdInstances(at: now) }
        paging.lastUsed = now
        for (index, request) in requests.enumerated() {
            request.arrival = now
            request.id = waiting.insert(request)
            request.ahead = scheduler.queuedRequests
            inFlight += 1
            paging.weight += weight(of: request.priorityClass)
            decide(
                .arrived(
                    Arrival(
                        id: request.id, priorityClass: request.priorityClass,
                        deadline: request.deadline, rows: request.rows, bytes: request.byteCount,
                        shape: shapes.id(of: request.shapes),
                        isFollowed: index < requests.count - 1,
                        allowsCheaperVariant: request.allowsCheaperVariant)), at: now)
        }
        var work = drain(at: now)
        if paging.isWanted { work.concernsMemory = true }
        return work
    }

    /// Hands any other event to the scheduler.
    mutating func handle(_ event: Event, at now: Instant) -> Work {
        decide(event, at: now)
        return drain(at: now)
    }

    /// Does what the time asks for: the scheduler's timer, and the breakers'.
    mutating func wake(at now: Instant) -> Work {
        armed = .distantFuture
        var watched = Work()
        if let due = breakers?.nextWakeup, due <= now { wakeBreakers(at: now, &watched) }
        decide(.timerFired, at: now)
        var work = drain(at: now)
        work.givenUp = watched.givenUp
        work.decisions = watched.decisions
        return work
    }

    /// What the model asks of a device that it shares, once what is too late was given up.
    mutating func claim(at now: Instant) -> (claim: BatchClaim?, work: Work) {
        guard scheduler.queuedRequests > 0 else { return (nil, Work()) }
        decide(.timerFired, at: now)
        return (scheduler.claim(at: now), drain(at: now))
    }

    /// Runs a batch of what was claimed.
    mutating func take(_ claim: BatchClaim, within longest: Interval, at now: Instant) -> Work {
        handle(.granted(InstanceID(0), scheduler.grant(claim, within: longest)), at: now)
    }

    /// Asks the machine, and records what it answered.
    mutating func decide(_ event: Event, at now: Instant) {
        let decided = actions.actions.count
        scheduler.handle(event, at: now, into: &actions)
        tape?.append(event, at: now, actions, from: decided)
    }

    /// The request's id while it may still be waiting; the caller holds the lock.
    mutating func cancel(_ request: InferenceRequest, at now: Instant) -> Work {
        // A stale id would name another request by now; the slab knows.
        guard waiting.holds(request) else { return Work() }
        return handle(.cancelled(request.id), at: now)
    }

    mutating func drain(at now: Instant) -> Work {
        var work = Work()
        work.move = tendLadder(at: now)
        for action in actions.actions {
            switch action {
            case .launch(let launch):
                var requests: [InferenceRequest] = []
                requests.reserveCapacity(launch.members.count)
                for id in actions.members(of: launch) { requests.append(waiting.remove(id)) }
                let batch = Batch(
                    id: launch.batch, instance: launch.instance, requests: requests,
                    rows: launch.rows, launched: now, predicted: launch.predicted,
                    variant: launch.variant.rawValue, rule: actions.rules[work.launches.count],
                    leftBehind: scheduler.queuedRequests, modelReady: paging.ready)
                running[launch.instance.rawValue] = batch
                breakers?.begin(
                    launch.instance, predicted: launch.predicted,
                    isFamiliar: knowsCosts || scheduler.hasComputed(launch.instance), at: now)
                work.launches.append((launch.instance, batch))
            case .reject(let id, .noInstance, _):
                end(
                    id, .noInstance(retryAfter: breakers?.pause(at: now)), .noInstance, at: now,
                    &work)
            case .reject(let id, .deadlineUnreachable, _) where paging.absence != nil:
                paging.missed += 1
                end(id, paging.refusal(at: now), .deadlineUnreachable, at: now, &work)
            case .reject(let id, let reason, var retryAfter):
                if reason.isLackOfRoom {
                    retryAfter = advice.advise(
                        backlog: retryAfter, perRequest: scheduler.timePerRow, id: id.rawValue,
                        at: now)
                }
                end(id, ServingError(reason, retryAfter: retryAfter), reason, at: now, &work)
            case .cancelled(let id):
                end(id, ServingError(.cancelled, "the client went away"), nil, at: now, &work)
            }
        }
        actions.removeAll()
        tendGate(at: now, &work)
        if paging.isWatched, mayLeave {
            paging.isWatched = false
            work.concernsMemory = true
        }
        let wakeup = min(
            scheduler.nextWakeup ?? .distantFuture, breakers?.nextWakeup ?? .distantFuture)
        if wakeup < armed {
            armed = wakeup
            work.wakeup = wakeup
        }
        return work
    }

    /// Tells the scheduler who was turned away, and newcomers what to expect.
    private mutating func tendGate(at now: Instant, _ work: inout Work) {
        gate.takeTurnedAway { work.turnedAway.append(($0, $1)) }
        for (priorityClass, count) in work.turnedAway {
            decide(.turnedAway(priorityClass, rows: count), at: now)
        }
        let timePerRow = scheduler.timePerRow
        for index in scheduler.configuration.classes.indices {
            // Whoever comes for a model that is not there is told more than that he is too late.
            let outlook =
                paging.absence == nil
                ? scheduler.outlook(for: ClassIndex(index), at: now) : .open
            gate.post(outlook, timePerRow: timePerRow, for: index)
        }
    }

    private mutating func end(
        _ id: RequestID, _ error: ServingError, _ reason: RejectReason?, at now: Instant,
        _ work: inout Work
    ) {
        inFlight -= 1
        work.endings.append(
            Ending(
                request: waiting.remove(id), error: error, ended: now, reason: reason,
                isModelAbsent: paging.absence != nil))
    }
}

/// How much work a served model has.
package struct ModelLoad: Sendable, Equatable {
    /// Requests that wait.
    package var queuedRequests: Int
    /// Rows that wait.
    package var queuedRows: Int
    /// Payload bytes that wait.
    package var queuedBytes: Int
    /// Requests that wait or run.
    package var inFlight: Int
    /// Requests that wait, by position in the class table.
    package var queuedByClass: [Int]
    /// Promised duration of a batch of one row.
    package var predictedSingle: Interval
    /// Promised duration of the largest batch.
    package var predictedFull: Interval
    /// Most rows of a batch, as far as the engine's memory is known.
    package var maxBatchRows: Int
    /// The circuit breaker of each instance; empty where there are none.
    package var instances: [BreakerPanel.Reading]
    /// What the health rules have set; `nil` where there are none.
    package var health: HealthReading?

    /// A load; see the properties.
    package init(
        queuedRequests: Int, queuedRows: Int, queuedBytes: Int, inFlight: Int,
        queuedByClass: [Int], predictedSingle: Interval, predictedFull: Interval,
        maxBatchRows: Int = 1, instances: [BreakerPanel.Reading] = [],
        health: HealthReading? = nil
    ) {
        self.queuedRequests = queuedRequests
        self.queuedRows = queuedRows
        self.queuedBytes = queuedBytes
        self.inFlight = inFlight
        self.queuedByClass = queuedByClass
        self.predictedSingle = predictedSingle
        self.predictedFull = predictedFull
        self.maxBatchRows = maxBatchRows
        self.instances = instances
        self.health = health
    }
}

extension ServingError {
    /// A request that would be answered too late.
    package static let outOfReach = ServingError(
        .deadlineExceeded,
        "the deadline is sooner than the answer would be ready, with the work that waits before it")

    /// A request for a model none of whose instances works; `retryAfter` is when one is tried again.
    static func noInstance(retryAfter: Interval?) -> ServingError {
        ServingError(
            .notReady, "no instance of the model is working", retryAfter: retryAfter ?? .seconds(1))
    }

    /// What a client is told when the scheduler refuses its request.
    init(_ reason: RejectReason, retryAfter: Interval) {
        switch reason {
        case .deadlineUnreachable:
            self = .outOfReach
        case .deadlineMissed:
            self.init(.deadlineExceeded, "the deadline can no longer be met")
        case .queueFull:
            self.init(.overloaded, "the model's queue is full", retryAfter: retryAfter)
        case .displaced:
            self.init(
                .overloaded, "the model's queue is full and more important work came in",
                retryAfter: retryAfter)
        case .draining:
            self.init(.notReady, "the model is being unloaded", retryAfter: .seconds(1))
        case .noInstance:
            self = .noInstance(retryAfter: nil)
        case .superseded:
            self.init(.cancelled, "a newer request with the same key replaced it")
        case .quotaExceeded:
            self.init(
                .quotaExceeded, "the tenant's quota of device time is used up",
                retryAfter: retryAfter)
        case .memoryExceeded:
            self.init(
                .payloadTooLarge, "the request alone exceeds the memory of the model's devices")
        }
    }
}
