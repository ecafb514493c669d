internal import ServingModel

/// Whether something has been true without a break for some time.
struct Persistence: Sendable, Equatable {
    private var since: Instant?

    /// Takes in whether it is true at `now`, and answers whether it has been for `time`.
    mutating func lasts(_ isTrue: Bool, for time: Interval, at now: Instant) -> Bool {
        guard isTrue else {
            since = nil
            return false
        }
        let beginning = since ?? now
        since = beginning
        return beginning.interval(to: now) >= time
    }

    /// Begins again.
    mutating func forget() { since = nil }
}
