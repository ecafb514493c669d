package import SchedulerCore
package import ServingModel
package import TraceFormat

/// What a step did, in the form in which tests state their expectations.
package enum Effect: Sendable, Equatable {
    /// A batch of these requests, in boarding order, was started on an instance.
    case launched(Int, [UInt64])
    /// A request was rejected.
    case rejected(UInt64, RejectReason)
    /// A request was taken out.
    case cancelled(UInt64)
}

extension Step {
    /// The actions without times and numbers of batches.
    package var effects: [Effect] {
        actions.map { action in
            switch action {
            case .launch(let launch):
                .launched(launch.instance.rawValue, members[launch.members].map(\.rawValue))
            case .reject(let id, let reason, _): .rejected(id.rawValue, reason)
            case .cancelled(let id): .cancelled(id.rawValue)
            }
        }
    }
}

/// A scheduler whose every step is checked, with a vocabulary for tests: times in milliseconds, plain
/// numbers for ids.
package struct CheckedScheduler: ~Copyable {
    /// The machine, for its readings.
    package var scheduler: Scheduler
    /// Everything that happened.
    package private(set) var trace = Trace()

    private var checker: ActionChecker
    private var buffer = ActionBuffer()
    private var now = Instant.origin

    /// A scheduler whose instances are all ready, unless `startsReady` says otherwise.
    package init(_ configuration: SchedulerConfiguration, startsReady: Bool = true) throws {
        scheduler = Scheduler(configuration)
        checker = ActionChecker(configuration)
        guard startsReady else { return }
        for index in 0..<configuration.instances {
            try send(.instanceReady(InstanceID(index)), at: .origin)
        }
    }

    /// Feeds one event and verifies the answer.
    @discardableResult
    package mutating func send(_ event: Event, at time: Instant) throws -> Step {
        now = time
        buffer.removeAll()
        scheduler.handle(event, at: time, into: &buffer)
        let step = Step(
            input: TimedEvent(at: time, event), actions: buffer.actions, members: buffer.members)
        trace.steps.append(step)
        let view = ActionChecker.View(
            queued: scheduler.queuedRequests, nextWakeup: scheduler.nextWakeup)
        try checker.check(step, view) { scheduler.latency(of: $0, $1) }
        guard !event.isFollowed else { return step }
        scheduler.checkInvariants()
        if event == .timerFired {
            try checker.checkTimeliness(at: time, view) { scheduler.latency(of: $0, $1) }
        }
        return step
    }

    /// Proves that every request has ended.
    package func finish() throws {
        try checker.finish(at: now)
    }

    // MARK: Vocabulary

    /// A request comes; `due` is in milliseconds since the origin, `nil` for never.
    package mutating func arrive(
        _ id: UInt64, class priorityClass: Int = 0, due: Double?, rows: Int = 1, bytes: Int = 0,
        shape: UInt64 = 0, isFollowed: Bool = false, tenant: UInt32 = 0, length: Int = 0,
        supersedes: UInt64? = nil, isExact: Bool = false, modality: Int = 0, at time: Double
    ) throws -> [Effect] {
        let arrival = Arrival(
            id: RequestID(id), priorityClass: ClassIndex(priorityClass),
            deadline: due.map(Self.instant) ?? .distantFuture, rows: rows, bytes: bytes,
            shape: ShapeID(shape), isFollowed: isFollowed, tenant: TenantID(tenant),
            length: length, supersedes: supersedes.map(SupersedeKey.init),
            allowsCheaperVariant: !isExact, modality: ModalityIndex(modality))
        return try send(.arrived(arrival), at: Self.instant(time)).effects
    }

    /// The batch that was started last.
    package var lastLaunch: Launch? {
        for step in trace.steps.reversed() {
            for case .launch(let launch) in step.actions.reversed() { return launch }
        }
        return nil
    }

    /// Which rules sized the batches of the last step.
    package var lastRules: [LaunchRule] { buffer.rules }

    /// A client gives up.
    package mutating func cancel(_ id: UInt64, at time: Double) throws -> [Effect] {
        try send(.cancelled(RequestID(id)), at: Self.instant(time)).effects
    }

    /// A batch ends; as a failure unless told otherwise, because that teaches the model nothing.
    package mutating func complete(
        _ instance: Int, _ result: BatchResult = .failure, at time: Double
    ) throws -> [Effect] {
        try send(.completed(InstanceID(instance), result), at: Self.instant(time)).effects
    }

    /// An instance comes.
    package mutating func ready(_ instance: Int, at time: Double) throws -> [Effect] {
        try send(.instanceReady(InstanceID(instance)), at: Self.instant(time)).effects
    }

    /// An instance goes.
    package mutating func lose(_ instance: Int, at time: Double) throws -> [Effect] {
        try send(.instanceLost(InstanceID(instance)), at: Self.instant(time)).effects
    }

    /// An instance that went may take one request.
    package mutating func probe(_ instance: Int, at time: Double) throws -> [Effect] {
        try send(.probe(InstanceID(instance)), at: Self.instant(time)).effects
    }

    /// The timer fires, asked for or not.
    package mutating func timer(at time: Double) throws -> [Effect] {
        try send(.timerFired, at: Self.instant(time)).effects
    }

    /// The server stops taking requests.
    package mutating func drain(at time: Double) throws -> [Effect] {
        try send(.draining, at: Self.instant(time)).effects
    }

    /// Milliseconds since the origin, rounded to whole nanoseconds.
    package static func instant(_ milliseconds: Double) -> Instant {
        Instant(nanoseconds: UInt64((milliseconds * 1_000_000).rounded()))
    }
}
