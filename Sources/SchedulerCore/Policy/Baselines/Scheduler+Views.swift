internal import ControlCore
internal import ServingModel

/// What a baseline may ask about the queues of one bucket.
extension Scheduler {
    /// Rows that wait.
    func waitingRows(_ bucket: Int) -> Int {
        var rows = 0
        for queue in buckets[bucket].queues where !queue.isEmpty { rows += queue.rows(in: table) }
        return rows
    }

    /// Rows of the longest run of requests, in the order, whose rows sum to at most `limit`.
    func waitingRows(_ bucket: Int, fitting limit: Int) -> Int {
        var rows = 0
        for queue in buckets[bucket].queues where !queue.isEmpty {
            let all = queue.rows(in: table)
            guard rows + all > limit else {
                rows += all
                continue
            }
            return rows + queue.rows(fitting: limit - rows, in: table)
        }
        return rows
    }

    /// The request that comes first in the order; the bucket must not be empty.
    func firstRequest(_ bucket: Int) -> QueuedRequest {
        for queue in buckets[bucket].queues where !queue.isEmpty {
            return table.request(queue.first)
        }
        preconditionFailure("bucket \(bucket) holds no request")
    }

    /// The earliest arrival among the first requests of all queues, which for queues in the order of
    /// arrival is the earliest of all.
    func oldestArrival(_ bucket: Int) -> Instant {
        var oldest = Instant.distantFuture
        for queue in buckets[bucket].queues where !queue.isEmpty {
            oldest = min(oldest, table.request(queue.first).arrival)
        }
        return oldest
    }

    /// The request that comes last in the order of the first queue; the queue must not be empty.
    func lastRequest(_ bucket: Int) -> QueuedRequest {
        let slot = buckets[bucket].queues[0].last(in: table)
        precondition(slot != RequestTable.none, "bucket \(bucket) holds no request")
        return table.request(slot)
    }

    /// Rows of the first queue whose deadline is `deadline` or later, for queues ordered by deadline.
    func waitingRows(_ bucket: Int, dueFrom deadline: Instant) -> Int {
        buckets[bucket].queues[0].rows(dueFrom: deadline, in: table)
    }
}

extension LatencyModel {
    /// The mean latency of a batch in milliseconds, without the margin of a promise: the profile that a
    /// baseline is given.
    func profile(rows: Int) -> Double {
        base + perRow * Double((rows + tile - 1) / tile * tile)
    }
}

extension SchedulerConfiguration {
    /// Most rows in a batch of a baseline that was given a limit of its own, or none.
    func maxRows(_ limit: Int?) -> Int { min(limit ?? maxBatchRows, maxBatchRows) }

    /// The shortest default deadline of all classes: the one time limit of policies without classes.
    var shortestDeadline: Interval { classes.map(\.defaultDeadline).min() ?? .never }
}
