internal import ControlCore
package import ServingModel

/// What newcomers of one row have to expect, judged by the work that waits before them.
package struct Outlook: Sendable, Equatable {
    /// The earliest deadline that they would make; in the past when they would start at once.
    package var earliestDeadline: Instant
    /// For how many it holds. Each one more delays those behind it.
    package var places = 1

    /// Whoever comes may try.
    package static let open = Outlook(earliestDeadline: .origin)
}

extension Scheduler {
    /// The earliest deadline that a request of one row would make if it arrived at `now`.
    package func earliestDeadline(of priorityClass: ClassIndex, at now: Instant) -> Instant {
        outlook(for: priorityClass, at: now).earliestDeadline
    }

    /// What requests of one row and a class have to expect that arrive at `now`.
    package func outlook(for priorityClass: ClassIndex, at now: Instant) -> Outlook {
        guard configuration.fastFail == .tail, isSlackAware, tenancy == nil,
            let start = earliestStart(at: now),
            start > now || ledger.requests > 0
        else { return .open }
        let index = min(priorityClass.rawValue, classes.count - 1)
        var before = 0
        for bucket in buckets where bucket.count > 0 {
            for upTo in 0...index { before += bucket.queues[upTo].rows(in: table) }
        }
        guard let latestBucket else { return .open }
        let ride = ride(
            of: 1, behind: before, index, bucket: latestBucket, startingAt: start, at: now)
        return Outlook(earliestDeadline: ride.end, places: 1 + ride.free)
    }

    /// By how much one row more that waits delays those behind it, at least.
    package var timePerRow: Interval {
        guard let latestBucket else { return .zero }
        let latency = buckets[latestBucket].latency(of: quickestVariant(latestBucket))
        let most = configuration.maxBatchRows
        let serving = max(serving, 1)
        guard most > 1 else { return latency.latency(rows: 1) / UInt64(serving) }
        return (latency.latency(rows: most) - latency.latency(rows: 1))
            / UInt64((most - 1) * serving)
    }

    /// Whether the work queued before a request leaves time for it.
    func fits(
        _ request: QueuedRequest, bucket: Int, account: Int, startingAt start: Instant,
        at now: Instant
    ) -> Bool {
        guard configuration.fastFail == .tail, request.deadline != .distantFuture else {
            return true
        }
        let ride = ride(
            of: request.rows, behind: rowsBefore(request, account: account),
            request.priorityClass.rawValue, bucket: bucket, startingAt: start, at: now)
        return ride.end <= request.deadline
    }

    /// When `rows` rows will have been computed that wait behind `before` others, if the instances work
    /// in batches that let a newcomer of the class wait one and ride the next; and how many more rows
    /// that counts for those yet to come.
    ///
    /// The last of the queue will not be the last of its batch: while it waits others come, and a batch
    /// is never made shorter for its head's sake than the traffic allows (``SlackAwarePolicy``). So it
    /// rides with at least as many as keep up with the traffic. Judged by those before it alone, up to
    /// a fifth of what overload let in was given up later. Where longer batches would be worth while, that
    /// is their price, and it pays; where they would not, it buys nothing (ADR 0024). Rates are known for
    /// all shapes together, so with several at work only those before it are counted, too.
    private func ride(
        of rows: Int, behind before: Int, _ index: Int, bucket: Int,
        startingAt start: Instant, at now: Instant
    ) -> (end: Instant, free: Int) {
        let latency = buckets[bucket].latency(of: quickestVariant(bucket))
        let patience = (classes[index].tightestDeadline - configuration.guardInterval) / 2
        let batch = min(max(latency.rows(within: patience), 1), configuration.maxBatchSize)
        let serving = max(serving, 1)
        let share = (before + serving - 1) / serving
        let cycles = latency.latency(rows: batch) * UInt64(share / batch)
        let known = min(share % batch + rows, max(batch, rows))
        var last = known
        let longest = latency.throughput(rows: configuration.maxBatchSize)
        let isLongEnough = longest <= Self.worthGrowing * latency.throughput(rows: batch)
        if known < batch, isLongEnough, start > now || share >= batch, isOnlyOne(bucket) {
            let rate = lastingRate(upTo: index, at: now) / Double(serving)
            last = max(known, latency.rows(keepingUpWith: rate, atMost: batch))
        }
        let end = start + cycles + latency.latency(rows: last) + configuration.guardInterval
        return (end, (last - known) * serving)
    }

    /// Whether all that waits or runs has the shape of a bucket.
    private func isOnlyOne(_ bucket: Int) -> Bool {
        buckets.indices.allSatisfy { $0 == bucket || buckets[$0].count + buckets[$0].running == 0 }
    }

    /// How many times the throughput longer batches must have to be worth requests that are given up.
    package static let worthGrowing = 1.01

    /// Rows per millisecond of a class and all more important ones that both the last moments and the
    /// time before them have seen: a clump of arrivals is no traffic yet, nor is one that has ended.
    private func lastingRate(upTo index: Int, at now: Instant) -> Double {
        var rate = 0.0
        var recent = 0.0
        for upTo in 0...index {
            rate += classes[upTo].arrivals.value(at: now)
            recent += classes[upTo].recentArrivals.value(at: now)
        }
        return min(rate, recent)
    }

    /// Rows that board before `request` would: everything of more important classes, and what is due
    /// no later in its own.
    private func rowsBefore(_ request: QueuedRequest, account: Int) -> Int {
        let index = request.priorityClass.rawValue
        var rows = 0
        var equals = 0
        for bucket in buckets where bucket.count > 0 {
            for above in 0..<index { rows += bucket.queues[above].rows(in: table) }
            let own = bucket.queues[index]
            if !own.isEmpty {
                let later = queueKey(request) + Interval(nanoseconds: 1)
                equals += own.rows(in: table) - own.rows(dueFrom: later, in: table)
            }
        }
        return rows + fairRows(before: request, account: account, rows: equals)
    }

    /// Counts requests that a shell turned away by ``earliestDeadline(of:at:)`` without an arrival.
    mutating func noteTurnedAway(_ priorityClass: ClassIndex, rows: Int, at now: Instant) {
        let index = min(priorityClass.rawValue, classes.count - 1)
        classes[index].noteArrival(rows: rows, at: now)
        classes[index].rejects.add(rows, at: now)
        shed.add(rows, at: now)
    }
}
