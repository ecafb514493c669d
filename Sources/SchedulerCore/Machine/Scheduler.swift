package import ControlCore
package import ServingModel

/// The machine that decides who rides which batch and when, for one model and its instances.
///
/// A value without clock, lock, randomness or I/O: the shell hands it events with the time at which
/// they happened, and carries out the actions it answers with. Two shells drive it, the live server
/// and the simulator; the machine cannot tell which.
///
/// States of a request: *waiting* (in one queue of one bucket), then exactly one of *launched*,
/// *rejected*, *cancelled*. States of an instance: *absent*, *idle*, *busy*, *leaving* (busy, and
/// absent afterwards), and *on trial* (absent, but may take one request alone); where models share
/// devices, *held* takes the place of *idle*.
///
/// Invariants, checked by ``checkInvariants()``:
/// - I1 a request waits in exactly one queue, and the ledger equals the sum over the queues;
/// - I2 the queue is within its limits in requests, bytes and shapes;
/// - I3 work conservation: after every event but an arrival that another follows, no instance is idle
///   while a request waits, nor is one on trial where no other serves;
/// - I4 `first` of every queue is its earliest request, and the trees are ordered and heap-shaped.
package struct Scheduler: ~Copyable {
    /// What the scheduler was built with, but for ``SchedulerConfiguration/maxBatchRows`` and
    /// ``SchedulerConfiguration/maxQueuedRequests``, which events lower.
    package internal(set) var configuration: SchedulerConfiguration

    /// Most rows of a batch as the scheduler was built.
    package let widestBatch: Int
    /// Most requests that may wait as the scheduler was built.
    package let longestQueue: Int

    var table: RequestTable
    var buckets: [Bucket]
    var instances: [InstanceState]
    /// How many of them are on trial.
    var trials = 0
    var classes: [ClassState]
    /// Positions of the classes by ascending weight, the less important first among equals.
    let lightestFirst: [Int]
    var ledger = QueueLedger()
    var batches: UInt64 = 0
    var isDraining = false
    /// Which of the cheaper variants are loaded.
    var residentVariants: [Bool]
    /// Rows per millisecond for which a cheaper variant would do, and those that insist on the full model.
    var willing = DecayedRate(timeConstant: .seconds(1))
    var unwilling = DecayedRate(timeConstant: .seconds(1))
    /// Batches begin no higher on the ladder of variants; 0 is the full model.
    var preferredVariant = 0
    /// Most requests that have waited at the same time since somebody asked.
    var mostQueued = 0
    /// Rows per millisecond that are rejected in any class, with a short memory.
    var shed: DecayedRate
    /// Fair shares between tenants, where they are asked for.
    var tenancy: Tenancy?
    /// The latest request about each thing, with its number in the table.
    var subjects: [Subject: (id: RequestID, sequence: UInt64)] = [:]
    /// Limits of the batch that is being formed, in an arbitrated scheduler.
    var grant: Grant?
    /// Rule and state of a policy other than SWB.
    var baseline: (any BaselinePolicy)?
    /// In which order requests wait.
    let order: QueueOrder
    /// Whether SWB decides, and not the rule.
    let isSlackAware: Bool
    /// When that rule wants to be asked again at the latest.
    var ruleWakeup: Instant?

    /// A scheduler without requests, whose instances are all absent until they report ready.
    package init(_ configuration: SchedulerConfiguration) {
        if let problem = configuration.problem { preconditionFailure(problem.description) }
        self.configuration = configuration
        widestBatch = configuration.maxBatchRows
        longestQueue = configuration.maxQueuedRequests
        baseline = configuration.policy.baseline(configuration)
        order = baseline?.order ?? .classThenDeadline
        isSlackAware = configuration.policy.keepsDeadlines
        table = RequestTable(capacity: min(configuration.maxQueuedRequests, 4_096))
        buckets = []
        tenancy = isSlackAware ? Tenancy(configuration) : nil
        residentVariants = configuration.cheaperVariants.map { _ in
            configuration.variantsAreResident
        }
        instances = Array(repeating: .absent, count: configuration.instances)
        let weights = configuration.classes.map(\.weight)
        lightestFirst = weights.indices.sorted { (weights[$0], $1) < (weights[$1], $0) }
        shed = DecayedRate(
            timeConstant: configuration.burstSplit?.timeConstant ?? .milliseconds(200))
        classes = configuration.classes.map {
            ClassState(
                $0, timeConstant: configuration.rateTimeConstant,
                recent: configuration.recentTimeConstant)
        }
    }

    /// Takes one event that happened at `now` and appends what to do about it.
    ///
    /// - Complexity: O(log n) for an arrival or cancellation, O(k log² n + b) for a batch of b out of
    ///   k classes. `now` must not run backwards.
    package mutating func handle(_ event: Event, at now: Instant, into actions: inout ActionBuffer)
    {
        switch event {
        case .arrived(let arrival):
            arrive(arrival, at: now, into: &actions)
        case .cancelled(let id):
            cancel(id, into: &actions)
        case .completed(let instance, let result):
            complete(instance, result, at: now, into: &actions)
        case .instanceReady(let instance):
            ready(instance, at: now, into: &actions)
        case .instanceLost(let instance):
            lose(instance, at: now, into: &actions)
        case .probe(let instance):
            probe(instance, at: now, into: &actions)
        case .timerFired:
            wake(at: now, into: &actions)
        case .turnedAway(let priorityClass, let rows):
            noteTurnedAway(priorityClass, rows: rows, at: now)
        case .draining:
            isDraining = true
        case .granted(let instance, let grant):
            take(grant, of: instance, at: now, into: &actions)
        case .held(let instance, let until):
            hold(instance, until: until)
        case .limited(let rows):
            configuration.maxBatchRows = min(max(rows, 1), widestBatch)
        case .queueLimited(let requests):
            limitQueue(to: requests, at: now, into: &actions)
        case .preferred(let variant):
            prefer(variant)
        case .variant(let variant, let isResident):
            setResidence(of: variant, isResident)
        }
    }

    /// When a waiting request will have to be given up, or a baseline wants to look again, unless
    /// something happens before; the shell arms one timer for it. `nil` while nothing waits.
    package var nextWakeup: Instant? {
        guard isSlackAware else {
            return ledger.requests > 0 ? ruleWakeup : nil
        }
        var earliest: Instant?
        for bucket in buckets.indices where buckets[bucket].count > 0 {
            for queue in buckets[bucket].queues where !queue.isEmpty {
                let request = table.request(queue.first)
                guard request.deadline != .distantFuture else { continue }
                let hopeless =
                    request.deadline - needed(by: request, bucket: bucket)
                    + Interval(nanoseconds: 1)
                earliest = min(earliest ?? hopeless, hopeless)
            }
        }
        return earliest
    }

    /// Requests that wait.
    package var queuedRequests: Int { ledger.requests }

    /// Rows that wait.
    package var queuedRows: Int { ledger.rows }

    /// Payload bytes that wait.
    package var queuedBytes: Int { ledger.bytes }

    /// The latency model as learnt so far, of the shape served most recently.
    package var latency: LatencyModel {
        guard let latestBucket else { return configuration.latency }
        return buckets[latestBucket].latency
    }

    /// The queue served most recently.
    var latestBucket: Int? {
        var latest: Int?
        for index in buckets.indices {
            if let best = latest, buckets[index].lastUsed <= buckets[best].lastUsed { continue }
            latest = index
        }
        return latest
    }

    /// What a batch of `shape` is expected to need; the initial model while the shape is unknown.
    package func latency(of shape: ShapeID, _ variant: VariantIndex = .full) -> LatencyModel {
        let bucket = buckets.first { $0.shape == shape }
        guard variant != .full else { return bucket?.latency ?? configuration.latency }
        let index = variant.rawValue - 1
        return bucket?.cheaper[index] ?? configuration.cheaperVariants[index]
    }

    /// Whether an instance that runs a batch runs one of a shape that has been computed before.
    package func hasComputed(_ instance: InstanceID) -> Bool {
        switch instances[instance.rawValue] {
        case .busy(let running), .leaving(let running): buckets[running.bucket].hasComputed
        case .absent, .idle, .trial, .held: false
        }
    }

    /// Requests of one class that wait.
    package func queuedRequests(of priorityClass: ClassIndex) -> Int {
        guard order.mergesClasses else {
            return buckets.reduce(0) { $0 + $1.queues[priorityClass.rawValue].count(in: table) }
        }
        return buckets.reduce(0) {
            $0 + table.count(of: priorityClass, below: $1.queues[0].root)
        }
    }

    /// Whether a request that starts at `start`, alone, ends after its deadline.
    func isLate(_ request: QueuedRequest, startingAt start: Instant, bucket: Int) -> Bool {
        start + needed(by: request, bucket: bucket) > request.deadline
    }

    /// Time from the start of a request alone to its answer, by the quickest variant it may have.
    func needed(by request: QueuedRequest, bucket: Int) -> Interval {
        let variant = residentVariants.isEmpty ? 0 : quickestVariant(bucket)
        return buckets[bucket].latency(of: variant).latency(rows: request.rows)
            + configuration.guardInterval
    }
}

/// One instance as the scheduler sees it.
enum InstanceState: Equatable {
    case absent
    case idle
    /// Absent, but may take one request alone.
    case trial
    /// Waits to be granted, which is expected at the given time.
    case held(until: Instant)
    case busy(Running)
    case leaving(Running)

    /// Whether it takes work as it comes, now or after its batch.
    var serves: Bool {
        switch self {
        case .idle, .held, .busy: true
        case .absent, .trial, .leaving: false
        }
    }

    struct Running: Equatable {
        var rows: Int
        var bucket: Int
        var variant = 0
        var started: Instant
        var predictedEnd: Instant
        /// How long its oldest request had waited, where a baseline wants to know.
        var waited = Interval.zero
    }
}

/// Waiting requests of one shape: a queue per class, and what batches of that shape cost.
struct Bucket {
    var shape: ShapeID
    /// Whether its requests want the full model: those wait apart from the others of their shape.
    var isExact: Bool
    /// What its rows are padded to; 0 where the model does not pad.
    var length = 0
    var queues: [RequestQueue]
    /// What the full model needs.
    var latency: LatencyModel
    /// What the cheaper variants need.
    var cheaper: [LatencyModel]
    /// Requests over all classes.
    var count = 0
    /// Number of the last batch of this shape, to recycle the bucket that was idle longest.
    var lastUsed: UInt64 = 0
    /// Batches of this shape that run now; a bucket is recycled only when there are none.
    var running = 0
    /// Whether a batch of this shape has ever been computed.
    var hasComputed = false
    /// Turns owed to this shape while its lesser classes grow old behind other shapes.
    var credit = 0.0
}

/// Traffic of one class, as the policy wants to know it.
struct ClassState {
    let floorShare: Double
    let weight: Int
    /// Rows per millisecond that arrive.
    var arrivals: DecayedRate
    /// The same over the last moments only.
    var recentArrivals: DecayedRate
    /// Rows per millisecond that are rejected.
    var rejects: DecayedRate
    /// Rows that have come since the beginning.
    var arrived: UInt64 = 0
    /// Tightest relative deadline among recent requests: falls at once, rises slowly.
    var tightestDeadline: Interval

    init(_ entry: PriorityClass, timeConstant: Interval, recent: Interval) {
        floorShare = entry.floorShare
        weight = entry.weight
        arrivals = DecayedRate(timeConstant: timeConstant)
        recentArrivals = DecayedRate(timeConstant: recent)
        rejects = DecayedRate(timeConstant: max(timeConstant, entry.defaultDeadline / 2))
        tightestDeadline = entry.defaultDeadline
    }

    /// Counts rows that came.
    mutating func noteArrival(rows: Int, at now: Instant) {
        arrived &+= UInt64(rows)
        arrivals.add(rows, at: now)
        recentArrivals.add(rows, at: now)
    }

    /// Follows the deadlines that clients really ask for.
    mutating func note(relativeDeadline: Interval) {
        guard relativeDeadline > tightestDeadline else {
            tightestDeadline = relativeDeadline
            return
        }
        let gap = min(relativeDeadline, .seconds(3_600)) - tightestDeadline
        tightestDeadline = tightestDeadline + gap / 64
    }
}

/// Sums over everything that waits. Charged and refunded in one place each.
struct QueueLedger: Equatable {
    private(set) var requests = 0
    private(set) var rows = 0
    private(set) var bytes = 0

    mutating func charge(_ request: QueuedRequest) {
        requests += 1
        rows += request.rows
        bytes += request.bytes
    }

    mutating func refund(_ request: QueuedRequest) {
        requests -= 1
        rows -= request.rows
        bytes -= request.bytes
        precondition(requests >= 0 && rows >= 0 && bytes >= 0, "the queue ledger went negative")
    }
}
