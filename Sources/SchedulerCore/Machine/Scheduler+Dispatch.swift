internal import ControlCore
internal import ServingModel

extension Scheduler {
    /// Gives every idle instance a batch as long as anything waits. Never leaves an instance idle
    /// beside a non-empty queue: a device with `L(b) = a + c b` batches by itself.
    mutating func dispatch(at now: Instant, into actions: inout ActionBuffer) {
        guard ledger.requests > 0 else { return }
        if trials > 0 { serveTrials(at: now, into: &actions) }
        guard isSlackAware else {
            return dispatchByRule(at: now, into: &actions)
        }
        for index in instances.indices where instances[index] == .idle {
            purge(at: now, into: &actions)
            guard ledger.requests > 0 else { return }
            launch(on: InstanceID(index), at: now, into: &actions)
        }
    }

    /// Learns from a finished batch and starts the instance's next one.
    mutating func complete(
        _ id: InstanceID, _ result: BatchResult, at now: Instant, into actions: inout ActionBuffer
    ) {
        switch instances[id.rawValue] {
        case .busy(let running):
            instances[id.rawValue] = vacant(at: now)
            settle(running, result, at: now)
        case .leaving(let running):
            instances[id.rawValue] = .absent
            settle(running, result, at: now)
        case .idle, .held, .absent, .trial:
            preconditionFailure("instance \(id) completed a batch that it does not run")
        }
        dispatch(at: now, into: &actions)
    }

    private mutating func settle(
        _ running: InstanceState.Running, _ result: BatchResult, at now: Instant
    ) {
        buckets[running.bucket].running -= 1
        guard result == .success else { return }
        let took = running.started.interval(to: now)
        learn(running.bucket, variant: running.variant, rows: running.rows, took: took)
        teachRule(running, at: now)
    }

    /// Puts an instance to work.
    mutating func ready(_ id: InstanceID, at now: Instant, into actions: inout ActionBuffer) {
        switch instances[id.rawValue] {
        case .absent: instances[id.rawValue] = vacant(at: now)
        case .trial:
            trials -= 1
            instances[id.rawValue] = vacant(at: now)
        case .leaving(let running): instances[id.rawValue] = .busy(running)
        case .held where !configuration.isArbitrated: instances[id.rawValue] = .idle
        case .idle, .held, .busy: return
        }
        dispatch(at: now, into: &actions)
    }

    /// Takes an instance out of service; with the last one gone, nothing that waits can be served.
    mutating func lose(_ id: InstanceID, at now: Instant, into actions: inout ActionBuffer) {
        switch instances[id.rawValue] {
        case .idle, .held: instances[id.rawValue] = .absent
        case .trial:
            trials -= 1
            instances[id.rawValue] = .absent
        case .busy(let running): instances[id.rawValue] = .leaving(running)
        case .absent, .leaving: return
        }
        if trials > 0 { serveTrials(at: now, into: &actions) }
        refuseUnserved(at: now, into: &actions)
    }

    /// Instances that take work as it comes.
    package var serving: Int { instances.count { $0.serves } }

    /// Refuses everything that waits when no instance is left that could serve it.
    mutating func refuseUnserved(at now: Instant, into actions: inout ActionBuffer) {
        guard trials == 0, serving == 0 else { return }
        for bucket in buckets.indices {
            for index in classes.indices {
                while !buckets[bucket].queues[index].isEmpty {
                    let request = remove(buckets[bucket].queues[index].first)
                    refuse(request, .noInstance, at: now, into: &actions)
                }
            }
        }
    }

    /// Rejects every waiting request that could not finish in time even alone and at once.
    mutating func purge(at now: Instant, into actions: inout ActionBuffer) {
        for bucket in buckets.indices where buckets[bucket].count > 0 {
            for index in classes.indices {
                while !buckets[bucket].queues[index].isEmpty {
                    let first = buckets[bucket].queues[index].first
                    let head = table.request(first)
                    guard isLate(head, startingAt: now, bucket: bucket) else { break }
                    refuse(remove(first), .deadlineMissed, at: now, into: &actions)
                }
            }
        }
    }

    /// Forms a batch by SWB and starts it on an idle instance.
    mutating func launch(
        on id: InstanceID, at now: Instant, into actions: inout ActionBuffer
    ) {
        let bucket = nextBucket(at: now)
        let before = actions.members.count
        let policy = slackAwarePolicy(bucket: bucket, at: now)
        let formed = policy.board(&self, into: &actions)
        start(
            on: id, bucket: bucket, variant: policy.variant, rows: formed.rows,
            paddedLength: formed.paddedLength, members: before, at: now,
            by: buckets[bucket].count == 0 ? .everyone : formed.rule, into: &actions)
    }

    /// Starts a batch whose members, from number `first` on, stand in the buffer; `waited` is the age of
    /// the oldest.
    mutating func start(
        on id: InstanceID, bucket: Int, variant: Int = 0, rows: Int, paddedLength: Int = 0,
        members first: Int, at now: Instant, waited: Interval = .zero,
        by rule: LaunchRule = .baseline, into actions: inout ActionBuffer
    ) {
        precondition(rows > 0, "the policy left an idle instance beside a waiting request")
        let size = rows * max(paddedLength, 1)
        let predicted = buckets[bucket].latency(of: variant).latency(rows: size)
        batches += 1
        buckets[bucket].lastUsed = batches
        buckets[bucket].running += 1
        instances[id.rawValue] = .busy(
            InstanceState.Running(
                rows: size, bucket: bucket, variant: variant, started: now,
                predictedEnd: now + predicted, waited: waited))
        actions.append(
            Launch(
                instance: id, batch: BatchID(batches), members: first..<actions.members.count,
                rows: rows, predicted: predicted, variant: VariantIndex(variant),
                paddedLength: paddedLength), by: rule)
    }

    /// The shape whose turn it is: the most urgent head of the most important class, except that a
    /// shape whose lesser work has grown old collects credit and is served when it has a whole turn.
    private mutating func nextBucket(at now: Instant) -> Int {
        var best = -1
        var bestClass = classes.count
        for (index, bucket) in buckets.enumerated() where bucket.count > 0 {
            guard let top = bucket.queues.firstIndex(where: { !$0.isEmpty }) else { continue }
            let isBetter =
                best < 0 || top < bestClass
                || (top == bestClass
                    && table.precedes(bucket.queues[top].first, buckets[best].queues[top].first))
            if isBetter {
                best = index
                bestClass = top
            }
        }
        guard buckets.count > 1 else { return best }
        best = fairBucket(bestClass, at: now) ?? best
        for index in buckets.indices where buckets[index].count > 0 && index != best {
            let share = agedShare(in: buckets[index], at: now)
            buckets[index].credit = share > 0 ? buckets[index].credit + share : 0
            if buckets[index].credit >= 1 {
                buckets[index].credit = 0
                return index
            }
        }
        return best
    }

    /// Sum of the floor shares of the classes whose head has waited half its time.
    func agedShare(in bucket: Bucket, at now: Instant) -> Double {
        var share = 0.0
        for (index, queue) in bucket.queues.enumerated() where !queue.isEmpty {
            if isAged(table.request(queue.first), at: now) {
                share += classes[index].floorShare
            }
        }
        return share
    }

    /// Whether a request has waited more than half of the time that its deadline leaves.
    func isAged(_ request: QueuedRequest, at now: Instant) -> Bool {
        request.arrival.interval(to: now) > request.arrival.interval(to: request.deadline) / 2
    }

    /// Moves requests of one class due at `deadline` or later into the batch, oldest first, up to
    /// `limit` rows.
    mutating func board(
        _ index: Int, bucket: Int, dueFrom deadline: Instant, rows limit: Int,
        into actions: inout ActionBuffer
    ) -> Boarding {
        var boarded = Boarding()
        buckets[bucket].queues[index].take(dueFrom: deadline, rows: limit, in: &table) {
            let request = $0.discard($1)
            ledger.refund(request)
            boarded.note(request, into: &actions)
        }
        buckets[bucket].count -= boarded.requests
        return boarded
    }

    /// Moves requests of one class into the batch, latest deadline first, up to `limit` rows.
    mutating func boardLatest(
        _ index: Int, bucket: Int, rows limit: Int, into actions: inout ActionBuffer
    ) -> Boarding {
        var boarded = Boarding()
        buckets[bucket].queues[index].takeLatest(rows: limit, in: &table) {
            let request = $0.discard($1)
            ledger.refund(request)
            boarded.note(request, into: &actions)
        }
        buckets[bucket].count -= boarded.requests
        return boarded
    }
}

/// What one boarding step moved into the batch.
struct Boarding {
    var rows = 0
    var requests = 0
    var earliestDeadline = Instant.distantFuture
    var earliestArrival = Instant.distantFuture

    /// Joins what two steps boarded.
    mutating func add(_ other: Boarding) {
        rows += other.rows
        requests += other.requests
        earliestDeadline = min(earliestDeadline, other.earliestDeadline)
        earliestArrival = min(earliestArrival, other.earliestArrival)
    }

    mutating func note(_ request: QueuedRequest, into actions: inout ActionBuffer) {
        actions.board(request.id)
        rows += request.rows
        requests += 1
        earliestDeadline = min(earliestDeadline, request.deadline)
        earliestArrival = min(earliestArrival, request.arrival)
    }
}
