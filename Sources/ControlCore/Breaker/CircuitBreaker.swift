internal import ServingModel

/// Watches one instance, and says when it is sick and when it is well again.
///
/// *Closed*: the instance works, and every batch is a sample. *Open*: it is out until a pause is over,
/// and until the call that hangs in it, if one does, has returned. *Half open*: it may take one batch,
/// whose end decides. Whether a sick instance may really be taken out is not decided here, because it
/// depends on the others: see ``BreakerPanel``.
struct CircuitBreaker: Sendable, Equatable {
    /// Where the breaker is.
    enum State: Sendable, Equatable {
        case closed
        case open(until: Instant)
        case halfOpen
    }

    /// What the end of a batch says.
    enum Verdict: Sendable, Equatable {
        /// Nothing that calls for action.
        case unremarkable
        /// The instance should be taken out.
        case sick(IsolationCause)
        /// A trial went well.
        case recovered
        /// A trial went badly.
        case relapsed
    }

    private(set) var state = State.closed
    /// When the batch that runs will be given up; `nil` while none runs or it has been.
    private(set) var stallsAt: Instant?
    /// How long the batch that runs may take.
    private var stallLimit = Interval.zero
    /// How often it may still get that time anew.
    private var renewals = 0
    /// Whether a batch that was given up still occupies the instance.
    private(set) var isHung = false
    /// How often the instance was taken out since it was last calm.
    private(set) var trips = 0
    /// Why the instance was taken out last.
    private var cause = IsolationCause.failing
    private var failuresInRow = 0
    /// One bit for each of the last batches, set where it was slow.
    private var slow: UInt64 = 0
    private var closedSince = Instant.origin
    /// Logarithm of observed over predicted.
    private var latencies = AnomalyBaseline()
    /// 1 for a failure, 0 for an answer. The least deviation is that of one failure in twenty.
    private var failures = AnomalyBaseline(leastDeviation: 0.22)

    /// How certain it is, from 0 to 1, that something is wrong with the instance.
    var anomaly: Double { max(latencies.score, failures.score) }

    /// A batch begins.
    mutating func begin(
        predicted: Interval, isFamiliar: Bool, at now: Instant, _ settings: BreakerSettings
    ) {
        stallLimit = settings.tightened(by: anomaly)
            .stallLimit(predicted: predicted, isFamiliar: isFamiliar)
        stallsAt = now + stallLimit
        renewals = 3
    }

    /// A batch ends, perhaps long after it was given up.
    mutating func end(_ health: BatchHealth, _ settings: BreakerSettings) -> Verdict {
        stallsAt = nil
        guard !isHung else {
            isHung = false
            return .unremarkable
        }
        switch state {
        case .closed:
            learn(health)
            return sample(health, settings.tightened(by: anomaly))
        case .halfOpen: return judge(health, settings)
        case .open: return .unremarkable
        }
    }

    private mutating func learn(_ health: BatchHealth) {
        switch health {
        case .ignored: break
        case .failed: failures.observe(1)
        case .answered(let took, let predicted):
            failures.observe(0)
            let ratio = took.milliseconds / max(predicted.milliseconds, 1e-6)
            latencies.observe(logarithm(max(ratio, 1e-3)))
        }
    }

    private mutating func sample(
        _ health: BatchHealth, _ settings: BreakerSettings
    ) -> Verdict {
        switch health {
        case .ignored: return .unremarkable
        case .failed:
            failuresInRow += 1
            return failuresInRow >= settings.failures ? .sick(.failing) : .unremarkable
        case .answered(let took, let predicted):
            failuresInRow = 0
            slow = slow << 1 | (Self.isSlow(took, predicted, settings) ? 1 : 0)
            return slowBatches(of: settings.window) > settings.window / 2
                ? .sick(.slow) : .unremarkable
        }
    }

    /// Of the last `window` batches, how many were slow.
    func slowBatches(of window: Int) -> Int {
        let mask: UInt64 = window >= 64 ? .max : 1 << UInt64(window) - 1
        return (slow & mask).nonzeroBitCount
    }

    /// Any answer is what was missed of an instance that failed or hung; of one that was slow it has to be a
    /// quick one. A trial that says nothing counts as one that failed.
    private func judge(_ health: BatchHealth, _ settings: BreakerSettings) -> Verdict {
        guard case .answered(let took, let predicted) = health else { return .relapsed }
        let isStillSlow = cause == .slow && Self.isSlow(took, predicted, settings)
        return isStillSlow ? .relapsed : .recovered
    }

    private static func isSlow(
        _ took: Interval, _ predicted: Interval, _ settings: BreakerSettings
    ) -> Bool {
        took.milliseconds > settings.slowdown * predicted.milliseconds
    }

    /// Whether the batch that runs has to be given up now; it is from then on.
    ///
    /// A look that comes far too late tells of who looks: the container was frozen, the machine slept or had
    /// no time for the process, and the batch had none either. It gets its time anew, three times at most.
    mutating func stalls(at now: Instant) -> Bool {
        guard let limit = stallsAt, limit <= now else { return false }
        if limit.interval(to: now) > stallLimit / 4, renewals > 0 {
            renewals -= 1
            stallsAt = now + stallLimit
            return false
        }
        stallsAt = nil
        isHung = true
        return true
    }

    /// The instance is taken out for a reason, or stays out.
    mutating func open(
        _ cause: IsolationCause? = nil, at now: Instant, _ settings: BreakerSettings
    ) {
        if let cause { self.cause = cause }
        if state == .closed, closedSince.interval(to: now) >= settings.calmAfter { trips = 0 }
        state = .open(until: now + settings.pause(afterTrips: trips))
        trips += 1
    }

    /// The instance may be tried.
    mutating func halfOpen() { state = .halfOpen }

    /// The instance works, as of `now`.
    mutating func close(at now: Instant) {
        state = .closed
        closedSince = now
        failuresInRow = 0
        slow = 0
        latencies.calm()
        failures.calm()
    }

    /// When something has to be done without an event.
    var wakeup: Instant? {
        if let stallsAt { return stallsAt }
        guard case .open(let until) = state, !isHung else { return nil }
        return until
    }
}
