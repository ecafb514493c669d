package import ControlCore
package import ServingModel

extension SlackAwarePolicy {
    /// Whether its variant is quick enough for now: what would ride makes the tightest head, and what
    /// arrives meanwhile can wait for this batch and ride the next.
    ///
    /// Looked at for each batch, so that a burst costs exactness only while it lasts.
    func suffices(_ scheduler: borrowing Scheduler) -> Bool {
        var rows = 0
        var cap = maxRows
        var headSlack = Interval.never
        for index in scheduler.classes.indices {
            let queue = scheduler.buckets[bucket].queues[index]
            if !queue.isEmpty {
                rows = max(rows, min(rows + queue.rows(in: scheduler.table), cap))
                let head = scheduler.table.request(queue.first)
                headSlack = min(
                    headSlack, slack(until: scheduler.table.nodes[Int(queue.first)].key))
                rows = max(rows, head.rows)
            }
            if Self.hasTraffic(scheduler.classes[index].arrivals.value(at: now)) {
                let patience = (scheduler.classes[index].tightestDeadline - guardInterval) / 2
                cap = min(cap, max(latency.rows(within: patience), floorRows))
            }
        }
        let took = latency.latency(rows: rows)
        guard took <= headSlack else { return false }
        let arriving = totalRate / Double(serving) * took.milliseconds
        let next = latency.latency(rows: Int(min(arriving, 1e9)))
        return took + next <= tightestDeadline - guardInterval
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

    /// How much there is to do and how much the full model can do, for ``VariantHysteresis``; mean
    /// latency is the shell's to add.
    package func pressure(at now: Instant, meanLatency: Interval) -> VariantPressure {
        guard let bucket = latestBucket else { return VariantPressure(meanLatency: meanLatency) }
        let policy = SlackAwarePolicy(self, bucket: bucket, at: now)
        let capacity = policy.latency.throughput(rows: policy.deadlineRows)
        return VariantPressure(
            rate: policy.totalRate, capacity: capacity * Double(policy.serving),
            rejected: shed.value(at: now), meanLatency: meanLatency)
    }
}

extension Bucket {
    /// What batches of a variant need; 0 is the full model.
    func latency(of variant: Int) -> LatencyModel {
        variant == 0 ? latency : cheaper[variant - 1]
    }
}
