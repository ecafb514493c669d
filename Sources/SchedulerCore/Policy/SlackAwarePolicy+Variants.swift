package import ControlCore
package import ServingModel

extension SlackAwarePolicy {
    /// Whether its variant is quick enough for now: what would ride makes the tightest head, and if the
    /// variant went on, those who stay behind and those who arrive meanwhile would be in time, too.
    ///
    /// Looked at for each batch, so that a burst costs exactness only while it lasts.
    func suffices(_ scheduler: borrowing Scheduler) -> Bool {
        var riding = 0
        var cap = maxRows
        var headSlack = Interval.never
        for index in scheduler.classes.indices {
            let queue = scheduler.buckets[bucket].queues[index]
            if !queue.isEmpty {
                riding = max(riding, min(riding + queue.rows(in: scheduler.table), cap))
                let head = scheduler.table.request(queue.first)
                headSlack = min(
                    headSlack, slack(until: scheduler.table.nodes[Int(queue.first)].key))
                riding = max(riding, head.rows)
            }
            if Self.hasTraffic(scheduler.classes[index].arrivals.value(at: now)) {
                let patience = (scheduler.classes[index].tightestDeadline - guardInterval) / 2
                cap = min(cap, max(latency.rows(within: patience), floorRows))
            }
        }
        return latency.latency(rows: riding) <= headSlack
            && followersAreInTime(riding: riding, scheduler)
    }

    /// Whether everybody makes it who does not ride a batch of `riding` rows.
    ///
    /// Looked at are the newcomers of each class that arrive while it runs, and of those who wait in this
    /// bucket the head of the first, second, fourth … batch after it.
    private func followersAreInTime(riding: Int, _ scheduler: borrowing Scheduler) -> Bool {
        let took = latency.latency(rows: riding)
        var waiting = 0
        var rate = 0.0
        for index in scheduler.classes.indices {
            let before = waiting
            for other in scheduler.buckets where other.count > 0 {
                waiting += other.queues[index].rows(in: scheduler.table)
            }
            let behind = max(waiting - riding, 0)
            var batch = 1
            var ahead = 0
            while ahead < behind {
                let row = riding + ahead - before
                if row >= 0 {
                    let queue = scheduler.buckets[bucket].queues[index]
                    let slot = queue.slot(atRow: row, in: scheduler.table)
                    guard slot != RequestTable.none else { break }
                    let finish = took + time(for: min(batch * batchRows, behind))
                    let slack = slack(until: scheduler.table.nodes[Int(slot)].key)
                    guard finish <= slack else { return false }
                }
                batch *= 2
                ahead = (batch - 1) * batchRows
            }
            let arrivals = scheduler.classes[index].arrivals.value(at: now)
            rate += arrivals
            guard Self.hasTraffic(arrivals) else { continue }
            let arriving = min(rate * took.milliseconds, 1e9)
            let finish = took + time(for: behind + Int(arriving))
            let tightest = scheduler.classes[index].tightestDeadline
            guard finish <= tightest - guardInterval else { return false }
        }
        return true
    }

    /// Rows of all instances' batches together, if each is as large as it may be.
    private var batchRows: Int { maxRows * serving }

    /// How long all instances need for so many rows, in batches as large as they may be.
    private func time(for rows: Int) -> Interval {
        let rest = (rows % batchRows + serving - 1) / serving
        let full = latency.latency(rows: maxRows) * UInt64(rows / batchRows)
        return rest > 0 ? full + latency.latency(rows: rest) : full
    }
}

extension Scheduler {
    /// The policy for the next batch, with the dearest variant that suffices, from the preferred one on,
    /// else the quickest one.
    func slackAwarePolicy(bucket: Int, at now: Instant) -> SlackAwarePolicy {
        var policy = SlackAwarePolicy(self, bucket: bucket, at: now)
        while let variant = quickerVariant(than: policy.variant, bucket) {
            if policy.variant >= preferredVariant, policy.suffices(self) { break }
            policy = SlackAwarePolicy(self, bucket: bucket, variant: variant, at: now)
        }
        return policy
    }

    /// The next cheaper variant that is loaded, good enough for the requests of a queue and, by what is
    /// known of it, really quicker.
    private func quickerVariant(than variant: Int, _ bucket: Int) -> Int? {
        guard !buckets[bucket].isExact else { return nil }
        for next in residentVariants.indices.dropFirst(variant) where residentVariants[next] {
            let model = buckets[bucket].cheaper[next]
            if model.isQuicker(than: buckets[bucket].latency(of: variant)) { return next + 1 }
        }
        return nil
    }

    /// The quickest variant that the requests of a queue may have.
    func quickestVariant(_ bucket: Int) -> Int {
        var variant = 0
        while let next = quickerVariant(than: variant, bucket) { variant = next }
        return variant
    }

    /// Learns from a batch; queues of one shape share what is known about it.
    mutating func learn(_ bucket: Int, variant: Int, rows: Int, took: Interval) {
        buckets[bucket].hasComputed = true
        if variant == 0 {
            buckets[bucket].latency.observe(rows: rows, took: took)
        } else {
            buckets[bucket].cheaper[variant - 1].observe(rows: rows, took: took)
        }
        guard !residentVariants.isEmpty || configuration.lengths != nil else { return }
        for other in buckets.indices where buckets[other].shape == buckets[bucket].shape {
            buckets[other].latency = buckets[bucket].latency
            buckets[other].cheaper = buckets[bucket].cheaper
        }
    }

    /// Takes note that a cheaper variant came or went; one beyond the table is a mistake of the shell.
    mutating func setResidence(of variant: VariantIndex, _ isResident: Bool) {
        precondition(
            residentVariants.indices.contains(variant.rawValue - 1),
            "variant \(variant) of a model with \(residentVariants.count) cheaper ones")
        residentVariants[variant.rawValue - 1] = isResident
    }

    /// Takes note whether a cheaper variant would do.
    mutating func noteWillingness(of arrival: Arrival, at now: Instant) {
        guard !residentVariants.isEmpty else { return }
        if arrival.allowsCheaperVariant {
            willing.add(arrival.rows, at: now)
        } else {
            unwilling.add(arrival.rows, at: now)
        }
    }

    /// How much there is to do and how much a variant can do, for ``VariantLadder``; mean latency is the
    /// shell's to add.
    package func pressure(
        of variant: VariantIndex = .full, at now: Instant, meanLatency: Interval = .zero
    ) -> VariantPressure {
        guard let bucket = latestBucket else { return VariantPressure(meanLatency: meanLatency) }
        let policy = SlackAwarePolicy(self, bucket: bucket, variant: variant.rawValue, at: now)
        let takers = willing.value(at: now)
        let all = takers + unwilling.value(at: now)
        let capacity = policy.latency.throughput(rows: policy.deadlineRows)
        return VariantPressure(
            rate: policy.totalRate, capacity: capacity * Double(policy.serving),
            rejected: shed.value(at: now), meanLatency: meanLatency,
            willing: all > 0 ? takers / all : 1)
    }
}

extension Bucket {
    /// What batches of a variant need; 0 is the full model.
    func latency(of variant: Int) -> LatencyModel {
        variant == 0 ? latency : cheaper[variant - 1]
    }
}
