internal import ControlCore
package import ServingModel

/// What the health rules may change, and what they want to know.
extension Scheduler {
    /// Lets fewer requests wait, or more again, and refuses those beyond: of the lightest class the one that
    /// is due last.
    mutating func limitQueue(to requests: Int, at now: Instant, into actions: inout ActionBuffer) {
        configuration.maxQueuedRequests = min(max(requests, 1), longestQueue)
        while ledger.requests > configuration.maxQueuedRequests, let victim = lightestNewest() {
            refuse(remove(victim), .queueFull, at: now, into: &actions)
        }
    }

    /// Begins the ladder of variants at `variant`; one beyond the table is a mistake of the shell.
    mutating func prefer(_ variant: VariantIndex) {
        precondition(
            (0...residentVariants.count).contains(variant.rawValue),
            "variant \(variant) of a model with \(residentVariants.count) cheaper ones")
        preferredVariant = variant.rawValue
    }

    /// Where batches begin the ladder of variants.
    package var preferred: VariantIndex { VariantIndex(preferredVariant) }

    /// Rows that have come since the beginning, in or not.
    var arrivedRows: UInt64 { classes.reduce(0) { $0 &+ $1.arrived } }

    /// How long those have waited that are next in their class, at most.
    func longestWait(at now: Instant) -> Interval {
        var longest = Interval.zero
        for bucket in buckets where bucket.count > 0 {
            for queue in bucket.queues where !queue.isEmpty {
                longest = max(longest, table.request(queue.first).arrival.interval(to: now))
            }
        }
        return longest
    }

    /// Most requests that have waited at the same time since this was asked last.
    mutating func takeMostQueued() -> Int {
        defer { mostQueued = ledger.requests }
        return mostQueued
    }
}
