internal import ServingModel

/// `triton`: the dynamic batcher of Triton Inference Server.
///
/// Source: triton-inference-server/core, `src/dynamic_batch_scheduler.cc` (`GetDynamicBatch`) and
/// `src/scheduler_utils.cc` (`PriorityQueue`, `PolicyQueue`). As coded there: go through the queue,
/// priority levels in strict order and first come, first served inside a level, up to the largest batch.
/// The best batch is the largest preferred size that the requests sum to exactly; when the next request
/// would exceed the largest preferred size and none was hit, what came before it.
/// - If there is a best batch and the oldest request has not waited for the delay, run that;
/// - else if the batch cannot grow or has reached the largest preferred size, run all that was seen;
/// - else if there is no delay or the oldest request has waited for it, run all that was seen;
/// - else look again when the delay has passed.
///
/// Timeouts are looked at only while the queue is gone through, and count time in the queue, not the
/// time to compute: a request may run that is bound to be late. One that timed out is rejected, or moved
/// behind the others of its level and not looked at again.
///
/// Ours differs: batches form when an instance is free (Triton's late binding, which it uses with
/// priorities, timeouts or queue limits; without any of them it prefetches up to two batches per
/// instance). Requests of another shape do not close a batch, because shapes wait apart. A request
/// cannot bring a timeout of its own.
struct TritonPolicy: BaselinePolicy {
    let order: QueueOrder
    let queueLimit: Int
    private let delay: Interval
    private let maxRows: Int
    /// Ascending, none above the largest batch, at least one.
    private let preferred: [Int]
    private let timeouts: [Interval]
    private let timeoutAction: TritonSettings.TimeoutAction

    init(_ settings: TritonSettings, _ configuration: SchedulerConfiguration) {
        order = settings.priorities ? .classThenArrival : .arrival
        queueLimit = settings.maxQueue == 0 ? .max : settings.maxQueue
        delay = settings.delay
        let maxRows = configuration.maxRows(settings.maxBatch)
        self.maxRows = maxRows
        let reachable = settings.preferred.filter { $0 <= maxRows }.sorted()
        preferred = reachable.isEmpty ? [maxRows] : reachable
        timeouts = settings.timeouts
        timeoutAction = settings.timeoutAction
    }

    func decide(
        _ scheduler: borrowing Scheduler, bucket: Int, hasIdle: Bool, at now: Instant
    ) -> BaselineDecision {
        if let expired = expire(scheduler, bucket, at: now) { return expired }
        let seen = scheduler.waitingRows(bucket, fitting: maxRows)
        let waiting = scheduler.waitingRows(bucket)
        let largest = preferred[preferred.count - 1]
        var best = preferred.last {
            $0 <= seen && scheduler.waitingRows(bucket, fitting: $0) == $0
        }
        if best == nil, waiting > largest {
            best = scheduler.waitingRows(bucket, fitting: largest)
        }
        let latest = scheduler.oldestArrival(bucket) + delay
        let isDelayExceeded = delay > .zero && latest <= now
        if let best, best > 0, !isDelayExceeded { return .launch(rows: best) }
        let cannotGrow = waiting > seen || seen >= largest
        if cannotGrow || isDelayExceeded || delay == .zero { return .launch(rows: maxRows) }
        return .wait(until: min(latest, closestTimeout(scheduler, bucket)))
    }

    /// What becomes of the first request whose time in the queue is over.
    private func expire(
        _ scheduler: borrowing Scheduler, _ bucket: Int, at now: Instant
    ) -> BaselineDecision? {
        guard !timeouts.isEmpty else { return nil }
        for queue in scheduler.buckets[bucket].queues.indices {
            guard let end = timeout(scheduler, bucket, queue), end < now else { continue }
            return timeoutAction == .reject
                ? .giveUpFirst(queue: queue) : .delayFirst(queue: queue)
        }
        return nil
    }

    private func closestTimeout(_ scheduler: borrowing Scheduler, _ bucket: Int) -> Instant {
        var closest = Instant.distantFuture
        guard !timeouts.isEmpty else { return closest }
        for queue in scheduler.buckets[bucket].queues.indices {
            guard let end = timeout(scheduler, bucket, queue) else { continue }
            closest = min(closest, end + Interval(nanoseconds: 1))
        }
        return closest
    }

    /// When the first request of a queue times out; `nil` when it does not, or not again.
    private func timeout(
        _ scheduler: borrowing Scheduler, _ bucket: Int, _ queue: Int
    ) -> Instant? {
        let first = scheduler.buckets[bucket].queues[queue].first
        guard first != RequestTable.none, !scheduler.isDelayed(first) else { return nil }
        let request = scheduler.table.request(first)
        // With one queue for all classes there is one timeout, the first.
        let timeout = timeouts[min(queue, timeouts.count - 1)]
        return request.arrival + timeout
    }
}
