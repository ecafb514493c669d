internal import ControlCore
internal import SchedulerCore
internal import ServingModel

/// What a simulated server keeps for its health rules, and for the memory that they look after.
struct HealthWatch: Sendable {
    /// How often the rules get a sample.
    static let period = Interval.seconds(1)

    var controller: HealthController?
    let memory: ProcessMemory?
    private var gauge = HealthGauge(at: .origin)
    /// Sums of what batches took and how they were answered.
    var totals = HealthTotals()
    /// When the next sample is due.
    private(set) var nextLook = Instant.origin + HealthWatch.period
    /// When the process is back that the system has ended.
    private(set) var backAt = Instant.distantFuture
    /// When it was started.
    private var startedAt = Instant.origin

    init(_ settings: HealthSettings?, _ memory: ProcessMemory?) {
        controller = settings.map { HealthController($0) }
        self.memory = memory
    }

    /// When something is to be done without an event.
    var wakeup: Instant { controller == nil ? backAt : min(nextLook, backAt) }

    /// Whether the process has more than it may.
    func exceedsMemory(requests: Int, at now: Instant) -> Bool {
        guard let memory, backAt == .distantFuture else { return false }
        return memory.used(requests: requests, since: startedAt, at: now) > memory.limitMB
    }

    /// Megabytes in use.
    func used(requests: Int, at now: Instant) -> Double {
        memory?.used(requests: requests, since: startedAt, at: now) ?? 0
    }

    /// A request was answered.
    mutating func answered(_ record: RequestWindow.Record, at now: Instant) {
        totals.answered += 1
        totals.latency = totals.latency + record.arrival.interval(to: now)
    }

    mutating func end(at now: Instant) {
        backAt = now + (memory?.restart ?? .zero)
    }

    mutating func begin(at now: Instant) {
        backAt = .distantFuture
        startedAt = now
    }

    /// What the rules make of the last period.
    mutating func look(
        _ scheduler: inout Scheduler, running: Int, at now: Instant
    ) -> [HealthChange] {
        while nextLook <= now { nextLook = nextLook + Self.period }
        let used = used(requests: scheduler.queuedRequests + running, at: now)
        let share = memory.map { used / $0.limitMB }
        let sample = gauge.sample(&scheduler, totals, memory: share, at: now)
        return controller?.observe(sample, at: now) ?? []
    }
}
