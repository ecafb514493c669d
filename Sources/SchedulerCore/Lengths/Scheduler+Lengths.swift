internal import ControlCore
internal import ServingModel

extension Scheduler {
    /// What a request adds to a batch: rows, or padded units where lengths are set.
    func size(of arrival: Arrival) -> Int {
        guard let lengths = configuration.lengths else { return arrival.rows }
        let (units, overflow) = arrival.rows.multipliedReportingOverflow(
            by: lengths.padded(arrival.length))
        return overflow ? Int(Int32.max) : min(units, Int(Int32.max))
    }

    /// Most units of a batch from a queue: rows, or padded units where lengths are set.
    func maxBatchSize(_ bucket: Int) -> Int {
        guard let lengths = configuration.lengths else { return maxBatchRows }
        let (units, overflow) = maxBatchRows.multipliedReportingOverflow(
            by: buckets[bucket].length)
        return overflow ? lengths.maxBatchUnits : min(units, lengths.maxBatchUnits)
    }
}

extension SlackAwarePolicy {
    /// A batch whose rows are all padded to the longest, while other lengths join it.
    struct Padded {
        var rows: Int
        var length: Int
        /// Units that those on board would need in batches of their own lengths.
        var needed: Int
        /// Time that the tightest on board leaves.
        var slack: Interval
        /// The last class on board.
        var lowest: Int
    }

    /// Lets other lengths of the shape join, each with all that waits, when the padding costs less than
    /// half of what is saved, the fixed part of a batch of its own. Half, because those who would have
    /// ridden first wait for the padding too: measured, the whole gains nothing at medium load.
    func merge(
        _ batch: inout Padded, _ scheduler: inout Scheduler, into actions: inout ActionBuffer
    ) {
        guard scheduler.configuration.lengths?.mergesLengths == true, scheduler.grant == nil
        else { return }
        for other in scheduler.buckets.indices where joins(other, scheduler) {
            guard let merged = merged(batch, other, scheduler) else { continue }
            for index in scheduler.classes.indices
            where !scheduler.buckets[other].queues[index].isEmpty {
                let first = actions.members.count
                _ = scheduler.board(
                    index, bucket: other, dueFrom: .origin, rows: .max, into: &actions)
                scheduler.chargeTenants(
                    index, bucket: other, perRow: latency.perRow, members: first, actions)
            }
            batch = merged
        }
    }

    /// Most units of a batch with work of a class: no more important one may wait too long for it, and
    /// several instances share.
    private func cap(beside lowest: Int, _ scheduler: borrowing Scheduler) -> Int {
        var cap = scheduler.configuration.maxBatchSize
        if serving > 1 { cap = min(cap, maxRows) }
        for index in 0..<lowest {
            guard Self.hasTraffic(scheduler.classes[index].arrivals.value(at: now)) else {
                continue
            }
            let patience = (scheduler.classes[index].tightestDeadline - guardInterval) / 2
            cap = min(cap, max(latency.rows(within: patience), floorRows))
        }
        return cap
    }

    private func joins(_ other: Int, _ scheduler: borrowing Scheduler) -> Bool {
        other != bucket && scheduler.buckets[other].count > 0
            && scheduler.buckets[other].shape == scheduler.buckets[bucket].shape
            && scheduler.buckets[other].isExact == scheduler.buckets[bucket].isExact
    }

    /// The batch with all that waits in another queue; `nil` when that costs too much or takes too long.
    private func merged(
        _ batch: Padded, _ other: Int, _ scheduler: borrowing Scheduler
    ) -> Padded? {
        var merged = batch
        merged.length = max(batch.length, scheduler.buckets[other].length)
        for index in scheduler.classes.indices {
            let queue = scheduler.buckets[other].queues[index]
            guard !queue.isEmpty else { continue }
            let units = queue.rows(in: scheduler.table)
            merged.needed += units
            merged.rows += units / scheduler.buckets[other].length
            let key = scheduler.table.nodes[Int(queue.first)].key
            merged.slack = min(merged.slack, slack(until: key))
            merged.lowest = max(merged.lowest, index)
        }
        let (total, overflow) = merged.rows.multipliedReportingOverflow(by: merged.length)
        guard !overflow, merged.rows <= scheduler.maxBatchRows,
            total <= cap(beside: merged.lowest, scheduler),
            latency.latency(rows: total) <= merged.slack
        else { return nil }
        let padding = (total - merged.needed) - (batch.rows * batch.length - batch.needed)
        return 2 * Double(padding) * latency.perRow <= latency.base ? merged : nil
    }
}
