package import ServingModel

/// What is to be done about an instance.
package enum BreakerDecision: Sendable, Equatable {
    /// Take it out of service. When the cause is ``IsolationCause/stalled`` its batch has been given up:
    /// the riders are answered now, and what the call may still return is for nobody.
    case isolate(InstanceID, IsolationCause)
    /// Let it serve one request alone.
    case probe(InstanceID)
    /// Put it back to work.
    case restore(InstanceID)
}

/// The circuit breakers of all instances of one model.
///
/// A pure controller: batches and the time go in, decisions come out, and the shell turns those into
/// events of the scheduler, so that a run replays. Three rules of the whole:
/// - the floor: never more than half of the instances are taken out by decision, only that a lone one
///   that fails again and again may be, because its answers are worth nothing to anybody. A call that
///   hangs takes its instance out whatever the floor says;
/// - slowness is judged beside the others: an instance is slow while another one is not. When all slow
///   down together it is the machine or the work, which the latency model learns and the scheduler plans
///   with;
/// - an answer from a model that is slow is an answer, so a lone instance is never taken out for it.
package struct BreakerPanel: Sendable, Equatable {
    /// When breakers open.
    package let settings: BreakerSettings

    private var breakers: [CircuitBreaker]
    private var counts: [InstanceCounts]

    /// When ``wake(at:into:)`` has something to do, unless something else happens before.
    package private(set) var nextWakeup: Instant?

    private struct InstanceCounts: Sendable, Equatable {
        var isolations = Array(repeating: UInt64(0), count: IsolationCause.allCases.count)
        var recoveries: UInt64 = 0
        var relapses: UInt64 = 0
    }

    /// Breakers of `instances` instances, all closed.
    package init(instances: Int, _ settings: BreakerSettings = BreakerSettings()) {
        precondition((1...64).contains(settings.window), "a window holds 1 to 64 batches")
        precondition(settings.failures >= 1, "a breaker opens after at least one failure")
        self.settings = settings
        breakers = Array(repeating: CircuitBreaker(), count: instances)
        counts = Array(repeating: InstanceCounts(), count: instances)
    }

    // MARK: Batches

    /// A batch begins on an instance. `isFamiliar` says whether ``CircuitBreaker`` can trust the
    /// prediction: its shape has been computed before.
    package mutating func begin(
        _ instance: InstanceID, predicted: Interval, isFamiliar: Bool = true, at now: Instant
    ) {
        breakers[instance.rawValue].begin(
            predicted: predicted, isFamiliar: isFamiliar, at: now, settings)
        refresh()
    }

    /// A batch ends. The decision, if there is one, has to reach the scheduler before the end does: the
    /// scheduler gives an instance its next batch at once.
    package mutating func end(
        _ instance: InstanceID, _ health: BatchHealth, at now: Instant
    ) -> BreakerDecision? {
        let index = instance.rawValue
        defer { refresh() }
        switch breakers[index].end(health, settings) {
        case .unremarkable: return nil
        case .sick(let cause):
            guard mayIsolate(index, cause) else { return nil }
            isolate(index, cause, at: now)
            return .isolate(instance, cause)
        case .recovered:
            breakers[index].close(at: now)
            counts[index].recoveries += 1
            return .restore(instance)
        case .relapsed:
            breakers[index].open(at: now, settings)
            counts[index].relapses += 1
            return nil
        }
    }

    /// Gives up batches that stall and tries instances whose pause is over.
    package mutating func wake(at now: Instant, into decisions: inout [BreakerDecision]) {
        for index in breakers.indices {
            if breakers[index].stalls(at: now) {
                if breakers[index].state == .halfOpen {
                    breakers[index].open(at: now, settings)
                    counts[index].relapses += 1
                } else {
                    isolate(index, .stalled, at: now)
                }
                decisions.append(.isolate(InstanceID(index), .stalled))
            } else if case .open(let until) = breakers[index].state, !breakers[index].isHung,
                until <= now
            {
                breakers[index].halfOpen()
                decisions.append(.probe(InstanceID(index)))
            }
        }
        refresh()
    }

    private mutating func isolate(_ index: Int, _ cause: IsolationCause, at now: Instant) {
        breakers[index].open(cause, at: now, settings)
        counts[index].isolations[Self.position(cause)] += 1
    }

    private static func position(_ cause: IsolationCause) -> Int {
        switch cause {
        case .failing: 0
        case .slow: 1
        case .stalled: 2
        }
    }

    /// The floor, and the comparison with the others.
    private func mayIsolate(_ index: Int, _ cause: IsolationCause) -> Bool {
        let out = breakers.count { $0.state != .closed }
        let most = breakers.count / 2
        guard cause == .slow else { return out < max(most, 1) }
        let isSlowerThanAnother = breakers.indices.contains {
            $0 != index && breakers[$0].state == .closed
                && breakers[$0].slowBatches(of: settings.window) <= settings.window / 4
        }
        return out < most && isSlowerThanAnother
    }

    private mutating func refresh() {
        nextWakeup = nil
        for breaker in breakers {
            guard let wakeup = breaker.wakeup else { continue }
            nextWakeup = min(nextWakeup ?? wakeup, wakeup)
        }
    }

    // MARK: Reading

    /// What one breaker has to tell.
    package struct Reading: Sendable, Equatable {
        /// Where the breaker is.
        package enum State: String, Sendable, Equatable, CaseIterable {
            /// The instance works.
            case closed
            /// It may take one request.
            case halfOpen = "half_open"
            /// It is out.
            case open
        }

        /// Where the breaker is.
        package var state: State
        /// How often the instance was taken out, by cause.
        package var isolations: [IsolationCause: UInt64]
        /// Trials that went well.
        package var recoveries: UInt64
        /// Trials that went badly.
        package var relapses: UInt64
        /// How certain it is, from 0 to 1, that something is wrong with the instance.
        package var anomaly: Double

        /// Makes a reading.
        package init(
            state: State = .closed, isolations: [IsolationCause: UInt64] = [:],
            recoveries: UInt64 = 0, relapses: UInt64 = 0, anomaly: Double = 0
        ) {
            self.state = state
            self.isolations = isolations
            self.recoveries = recoveries
            self.relapses = relapses
            self.anomaly = anomaly
        }
    }

    /// One reading for each instance.
    package var readings: [Reading] {
        zip(breakers, counts).map { breaker, counts in
            let state: Reading.State =
                switch breaker.state {
                case .closed: .closed
                case .halfOpen: .halfOpen
                case .open: .open
                }
            var isolations: [IsolationCause: UInt64] = [:]
            for cause in IsolationCause.allCases {
                isolations[cause] = counts.isolations[Self.position(cause)]
            }
            return Reading(
                state: state, isolations: isolations, recoveries: counts.recoveries,
                relapses: counts.relapses, anomaly: breaker.anomaly)
        }
    }

    /// Whether a batch that was given up still occupies the instance.
    package func isHung(_ instance: InstanceID) -> Bool { breakers[instance.rawValue].isHung }

    /// Whether an instance works, as far as is known.
    package func isClosed(_ instance: InstanceID) -> Bool {
        breakers[instance.rawValue].state == .closed
    }

    /// How many instances work.
    package var working: Int { breakers.count { $0.state == .closed } }

    /// How long until an instance may be tried; `nil` when it cannot be known, or when none is out.
    package func pause(at now: Instant) -> Interval? {
        var earliest: Instant?
        for breaker in breakers {
            guard case .open(let until) = breaker.state, !breaker.isHung else { continue }
            earliest = min(earliest ?? until, until)
        }
        return earliest.map { now.interval(to: $0) }
    }
}
