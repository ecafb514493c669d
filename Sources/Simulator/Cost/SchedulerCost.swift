internal import ControlCore
package import SchedulerCore
internal import ServingModel

/// What the scheduler itself costs: time for each arrival and each batch decision, and allocations.
///
/// One instance, batches of a fixed size, and a fixed number of requests waiting before each round. In each
/// round a batch's worth of requests arrives, with deadlines in random order, and then the instance
/// completes, which is the whole decision: learning from the batch, purging, choosing, boarding. Nothing is
/// ever late, so that the number of waiting requests stays what it is.
package struct SchedulerCost: Sendable, Equatable {
    /// What is measured.
    package struct Setting: Sendable, Equatable {
        /// Requests that wait.
        package var waiting: Int
        /// Requests in a batch.
        package var batch = 350
        /// Classes among which requests are spread evenly.
        package var classes = 1
        /// Rounds that count; as many again warm up before.
        package var rounds = 300
        /// Who decides.
        package var policy = Policy.slackAware

        /// Batches of 350 of one class.
        package init(waiting: Int) {
            self.waiting = waiting
        }
    }

    /// What was measured.
    package let setting: Setting
    /// Median over the rounds of the mean time of an arrival in nanoseconds.
    package private(set) var arriveNanoseconds = 0.0
    /// Median over the rounds of the time of a batch decision in nanoseconds.
    package private(set) var pickNanoseconds = 0.0
    /// 99 % quantile over the rounds of the time of a batch decision in nanoseconds.
    package private(set) var pickP99Nanoseconds = 0.0
    /// Allocations of all counted rounds together; `nil` when nobody counts them.
    package private(set) var allocations: Int?

    /// Measures one setting.
    ///
    /// - Parameters:
    ///   - clock: Nanoseconds on a monotonic clock.
    ///   - allocations: How many blocks of memory the thread has allocated so far.
    package static func measure(
        _ setting: Setting, clock: () -> UInt64, allocations: (() -> Int)? = nil
    ) -> SchedulerCost {
        var bench = Bench(setting)
        var result = SchedulerCost(setting: setting)
        for _ in 0..<setting.rounds { _ = bench.round(clock) }
        var arrivals: [Double] = []
        var picks: [Double] = []
        arrivals.reserveCapacity(setting.rounds)
        picks.reserveCapacity(setting.rounds)
        let before = allocations?() ?? 0
        for _ in 0..<setting.rounds {
            let (arrive, pick) = bench.round(clock)
            arrivals.append(arrive)
            picks.append(pick)
        }
        if let allocations { result.allocations = allocations() - before }
        arrivals.sort()
        picks.sort()
        result.arriveNanoseconds = arrivals[arrivals.count / 2]
        result.pickNanoseconds = picks[picks.count / 2]
        result.pickP99Nanoseconds = picks[min(picks.count * 99 / 100, picks.count - 1)]
        return result
    }

    private init(setting: Setting) {
        self.setting = setting
    }

    /// The settings of the acceptance figure: 1,000 and 100,000 waiting, one class and three.
    package static let standard: [Setting] = [1, 3].flatMap { classes in
        [1_000, 100_000].map { waiting in
            var setting = Setting(waiting: waiting)
            setting.classes = classes
            return setting
        }
    }
}

/// A scheduler that is kept at a number of waiting requests.
private struct Bench: ~Copyable {
    private let setting: SchedulerCost.Setting
    private var scheduler: Scheduler
    private var buffer = ActionBuffer()
    private var random = Seeded(1)
    private var now = Instant.origin
    private var lastID: UInt64 = 0

    /// A batch of 350 on device M.
    private static let batchDuration = Interval(milliseconds: 29.145)

    init(_ setting: SchedulerCost.Setting) {
        self.setting = setting
        let patience = Interval.seconds(100_000)
        var configuration = SchedulerConfiguration(
            classes: (0..<setting.classes).map {
                PriorityClass(
                    name: "class \($0)", weight: setting.classes - $0, floorShare: 0,
                    defaultDeadline: patience)
            },
            maxBatchRows: setting.batch, latency: LatencyModel(base: 1.39, perRow: 0.0793))
        configuration.maxQueuedRequests = setting.waiting + 2 * setting.batch + 1
        configuration.policy = setting.policy
        scheduler = Scheduler(configuration)
        scheduler.handle(.instanceReady(InstanceID(0)), at: now, into: &buffer)
        for _ in 0...setting.waiting { arrive() }
    }

    private mutating func arrive() {
        lastID += 1
        // Deadlines in random order, hours away.
        let patience = Interval.seconds(50_000) + Interval.microseconds(random.next() >> 36)
        buffer.removeAll()
        scheduler.handle(
            .arrived(
                Arrival(
                    id: RequestID(lastID),
                    priorityClass: ClassIndex(Int(lastID) % setting.classes),
                    deadline: now + patience)), at: now, into: &buffer)
    }

    /// One batch's worth of arrivals, then a decision: nanoseconds for one arrival and for the decision.
    mutating func round(_ clock: () -> UInt64) -> (arrive: Double, pick: Double) {
        let start = clock()
        for _ in 0..<setting.batch { arrive() }
        let middle = clock()
        now = now + Self.batchDuration
        buffer.removeAll()
        scheduler.handle(.completed(InstanceID(0), .success), at: now, into: &buffer)
        let end = clock()
        return (Double(middle - start) / Double(setting.batch), Double(end - middle))
    }
}
