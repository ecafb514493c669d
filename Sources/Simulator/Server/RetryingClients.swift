internal import ControlCore
internal import SchedulerCore
internal import ServingModel

/// What clients do whose requests are refused.
package struct RetryPlan: Sendable, Equatable {
    /// How often they try, the first time included.
    package var attempts: Int
    /// Part of them that come back when they are told to, and not at all where they are told not to. The
    /// others come back soon, whatever they are told.
    package var obedientShare: Double
    /// Mean pause of the others.
    package var pauseMilliseconds: Double

    /// Makes a plan; see the properties.
    package init(attempts: Int = 5, obedientShare: Double = 1, pauseMilliseconds: Double = 50) {
        self.attempts = attempts
        self.obedientShare = obedientShare
        self.pauseMilliseconds = pauseMilliseconds
    }
}

/// The clients of a simulated server, who want something and try again when they do not get it.
///
/// Requests are numbered anew in the order in which they come, those that come again included.
struct RetryingClients: Sendable {
    /// What a client wants, over all of its attempts.
    private struct Wish: Sendable {
        var arrival: Arrival
        var patience: Interval
        var attempts = 1
        var isObedient: Bool
        var isCounted: Bool
    }

    private let plan: RetryPlan
    /// Tells them when; `nil` for the backlog as it is.
    private var advice: RetryAdvice?
    private var random: Seeded
    private var pending = PendingStimuli()
    private var wishes: [UInt64: Wish] = [:]
    /// The wish that a request is for.
    private var open: [UInt64: UInt64] = [:]
    private var lastWish: UInt64 = 0
    private var lastRequest: UInt64 = 0

    init(_ plan: RetryPlan, _ advice: RetryAdvice?, _ random: Seeded) {
        self.plan = plan
        self.advice = advice
        self.random = random
    }

    /// When the next one comes back.
    var nextTime: Instant { pending.nextTime }

    /// A request that comes for the first time, with its number.
    mutating func first(_ arrival: Arrival, at now: Instant, isCounted: Bool) -> Arrival {
        lastWish += 1
        wishes[lastWish] = Wish(
            arrival: arrival, patience: now.interval(to: arrival.deadline),
            isObedient: random.chance(plan.obedientShare), isCounted: isCounted)
        return request(for: lastWish, arrival)
    }

    /// The next one that comes back, and whether its wish counts.
    mutating func again() -> (arrival: Arrival, at: Instant, isCounted: Bool)? {
        guard let stimulus = pending.removeFirst(), case .arrive(var arrival) = stimulus.kind,
            let wish = wishes[arrival.id.rawValue]
        else { return nil }
        let number = arrival.id.rawValue
        wishes[number]?.attempts += 1
        arrival.deadline = stimulus.at + wish.patience
        arrival.isFollowed = false
        return (request(for: number, arrival), stimulus.at, wish.isCounted)
    }

    private mutating func request(for wish: UInt64, _ arrival: Arrival) -> Arrival {
        lastRequest += 1
        open[lastRequest] = wish
        var request = arrival
        request.id = RequestID(lastRequest)
        return request
    }

    /// A request has ended, and its client is content or gives up.
    mutating func ended(_ id: RequestID) {
        if let wish = open.removeValue(forKey: id.rawValue) { wishes[wish] = nil }
    }

    /// A request was refused; its client may come back.
    mutating func refused(
        _ id: RequestID, _ reason: RejectReason, backlog: Interval, perRequest: Interval,
        at now: Instant
    ) {
        guard let number = open.removeValue(forKey: id.rawValue), let wish = wishes[number]
        else { return }
        let advised = advise(id, reason, backlog: backlog, perRequest: perRequest, at: now)
        guard wish.attempts < plan.attempts, advised != nil || !wish.isObedient else {
            wishes[number] = nil
            return
        }
        var arrival = wish.arrival
        arrival.id = RequestID(number)
        let impatient = Interval(milliseconds: random.exponential(mean: plan.pauseMilliseconds))
        let wait = wish.isObedient ? advised ?? .zero : impatient
        pending.insert(.arrive(arrival), at: now + wait)
    }

    /// What the answer says about coming back; `nil` for better not.
    private mutating func advise(
        _ id: RequestID, _ reason: RejectReason, backlog: Interval, perRequest: Interval,
        at now: Instant
    ) -> Interval? {
        switch reason {
        case .queueFull, .displaced:
            advice?.advise(
                backlog: backlog, perRequest: perRequest, id: id.rawValue, at: now) ?? backlog
        case .draining, .noInstance: .seconds(1)
        case .deadlineUnreachable, .deadlineMissed, .superseded, .quotaExceeded, .memoryExceeded:
            nil
        }
    }
}
