package import ServingModel

/// How long an instance lets the clients that it has just answered ask again before it takes its next batch.
///
/// Only of use where the instance computes on the core that reads their requests: then somebody works
/// meanwhile. Clients that wait for an answer before they ask again otherwise fall into two groups that are
/// served in turn, each in batches of half the size, and every batch pays the fixed part of its cost. An
/// instance that waits for a moment serves them in one.
///
/// Whether clients come back is learnt: after a few moments in which nobody did, the instance does not
/// wait, but for one batch in thirty-two. A full batch that waits is never kept waiting.
package struct GatherWindow: Sendable {
    /// A pause that is worth making.
    package struct Pause: Hashable, Sendable {
        /// The longest time it may take.
        package var longest: Interval
        /// Rows that end it when so many wait.
        package var rows: Int
    }

    /// No pause is longer; less than the guard time that the scheduler leaves before a deadline.
    package static let longest = Interval.microseconds(400)
    /// A shorter pause costs more than it brings.
    package static let shortest = Interval.microseconds(20)
    /// Of so many batches one tries anew.
    package static let probeEvery = 32

    /// Share of the answered rows that came back within their pause, lately. Starts in good faith.
    package private(set) var returning = 1.0
    private var batches = 0
    private var hoped = 0
    private var waited = 0

    /// Nothing learnt yet.
    package init() {}

    /// The pause after a batch; `nil` for none. Ends with ``end(waiting:)``.
    ///
    /// - Parameters:
    ///   - answered: Rows of the batch that was answered.
    ///   - waiting: Rows that wait already.
    ///   - limit: Most rows of a batch.
    ///   - single: How long a batch of one row takes, which is nearly all fixed cost.
    ///   - whole: How long the batch takes that all of them would make.
    package mutating func begin(
        answered: Int, waiting: Int, limit: Int, single: Interval, whole: Interval
    ) -> Pause? {
        hoped = 0
        batches += 1
        guard waiting < limit, answered > 0 else { return nil }
        guard returning >= 0.5 || batches.isMultiple(of: Self.probeEvery) else { return nil }
        // What is saved is one fixed cost; what is risked is a part of what the batch takes anyway.
        let longest = min(single, whole / 5, Self.longest)
        guard longest >= Self.shortest else { return nil }
        hoped = min(answered, limit - waiting)
        waited = waiting
        return Pause(longest: longest, rows: waiting + hoped)
    }

    /// Learns from the pause that is over, if there was one.
    package mutating func end(waiting: Int) {
        guard hoped > 0 else { return }
        let share = min(Double(max(waiting - waited, 0)) / Double(hoped), 1)
        returning += (share - returning) / 8
        hoped = 0
    }
}
