package import ServingModel

/// How independent requests share batches.
package struct DynamicBatching: Hashable, Sendable {
    /// Sizes that leave at once when they can be formed, ascending; empty for no preference.
    package let preferredBatchSizes: [Int]

    /// How long the oldest waiting request may wait for company; `nil` when not configured, zero when
    /// configured never to wait.
    package let maxQueueDelay: Interval?

    /// Answers leave in the order in which the requests came.
    package let preserveOrdering: Bool

    /// Number of priority levels, 1 being the most important; 0 when requests have none.
    package let priorityLevels: Int

    /// Level of a request that names none, from 1 to ``priorityLevels``; 0 when there are no levels.
    package let defaultPriorityLevel: Int

    /// What happens to waiting requests of levels without a policy of their own.
    package let defaultQueuePolicy: QueuePolicy

    /// What happens to waiting requests of the level that is the key.
    package let levelQueuePolicies: [Int: QueuePolicy]

    /// The policy of a priority level.
    package func queuePolicy(level: Int) -> QueuePolicy {
        levelQueuePolicies[level] ?? defaultQueuePolicy
    }
}

/// What happens to requests that wait.
package struct QueuePolicy: Hashable, Sendable {
    /// What a timeout does.
    package enum TimeoutAction: Hashable, Sendable {
        /// The request is answered with an error.
        case reject
        /// The request runs after everything that has not timed out.
        case delay
    }

    /// What a timeout does.
    package let timeoutAction: TimeoutAction

    /// Time that a request may wait in the queue; `nil` for any.
    package let defaultTimeout: Interval?

    /// Whether a request may shorten the timeout. It may never extend it.
    package let allowTimeoutOverride: Bool

    /// Requests that may wait at one priority level; `nil` for any number.
    package let maxQueueSize: Int?

    /// No timeout and no bound.
    package static let unlimited = QueuePolicy(
        timeoutAction: .reject, defaultTimeout: nil, allowTimeoutOverride: false, maxQueueSize: nil)
}
