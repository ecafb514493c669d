internal import ControlCore
internal import ServingModel

/// Carrying out what a baseline decides. SWB comes here only to be told that it is not one.
extension Scheduler {
    /// What the timer asks for: SWB gives up what is hopeless, a baseline looks again.
    mutating func wake(at now: Instant, into actions: inout ActionBuffer) {
        guard isSlackAware else {
            return dispatch(at: now, into: &actions)
        }
        purge(at: now, into: &actions)
    }

    /// Admits a request whatever its deadline, within the limits of the queue; lighter work does not
    /// make room for it.
    mutating func admitByRule(
        _ request: QueuedRequest, _ bucket: Int, at now: Instant,
        into actions: inout ActionBuffer
    ) {
        let queue = buckets[bucket].queues[queueIndex(request.priorityClass)]
        let hasRoom =
            ledger.requests < configuration.maxQueuedRequests
            && ledger.bytes + request.bytes <= configuration.maxQueuedBytes
            && queue.count(in: table) < baseline?.queueLimit ?? .max
        guard hasRoom else { return refuse(request, .queueFull, at: now, into: &actions) }
        enqueue(request, bucket)
    }

    /// Asks the rule what to do until it is content to wait.
    mutating func dispatchByRule(at now: Instant, into actions: inout ActionBuffer) {
        // Taken out of the machine while it looks at the machine; its state is not copied.
        guard var rule = baseline else { return }
        baseline = nil
        defer { baseline = rule }
        ruleWakeup = nil
        while ledger.requests > 0 {
            let idle = instances.firstIndex(of: .idle)
            guard idle != nil || rule.looksWhileBusy else { return }
            let launched = serveBuckets(&rule, on: idle, at: now, into: &actions)
            guard launched else { return }
        }
    }

    /// Goes through the buckets, the one with the first request first, until one launches.
    private mutating func serveBuckets(
        _ rule: inout some BaselinePolicy, on idle: Int?, at now: Instant,
        into actions: inout ActionBuffer
    ) -> Bool {
        let first = firstBucket()
        ruleWakeup = nil
        for turn in 0...buckets.count {
            let bucket = turn == 0 ? first : turn - 1
            guard turn == 0 || bucket != first else { continue }
            if serve(bucket, &rule, on: idle, at: now, into: &actions) { return true }
        }
        return false
    }

    /// Carries out decisions about one bucket; whether the last of them was a launch.
    private mutating func serve(
        _ bucket: Int, _ rule: inout some BaselinePolicy, on idle: Int?, at now: Instant,
        into actions: inout ActionBuffer
    ) -> Bool {
        while buckets[bucket].count > 0 {
            let decision = rule.decide(self, bucket: bucket, hasIdle: idle != nil, at: now)
            switch decision {
            case .giveUpFirst(let queue):
                let first = buckets[bucket].queues[queue].first
                refuse(remove(first), .deadlineMissed, at: now, into: &actions)
            case .delayFirst(let queue):
                delayFirst(queue, bucket)
            case .wait(let until):
                let next = max(until, now + Interval(nanoseconds: 1))
                ruleWakeup = min(ruleWakeup ?? next, next)
                return false
            case .launch, .launchNewest, .launchWeighted:
                guard let idle else { return false }
                return launch(decision, bucket, on: InstanceID(idle), at: now, into: &actions)
            }
        }
        return false
    }

    /// Starts the batch that the rule decided on; false where what the rule gave up has bared a request
    /// that a grant has no room for. The group asks again, with room for that one.
    private mutating func launch(
        _ decision: BaselineDecision, _ bucket: Int, on id: InstanceID, at now: Instant,
        into actions: inout ActionBuffer
    ) -> Bool {
        let before = actions.members.count
        let limit = maxBatchRows
        var boarded = Boarding()
        switch decision {
        case .launch(let rows):
            boarded.add(boardFirst(min(rows, limit), bucket, into: &actions))
        case .launchNewest(let rows):
            boarded.add(boardLatest(0, bucket: bucket, rows: min(rows, limit), into: &actions))
        case .launchWeighted(let rows, let weights):
            boarded.add(boardWeighted(min(rows, limit), weights, bucket, into: &actions))
        case .giveUpFirst, .delayFirst, .wait:
            preconditionFailure("\(decision) starts no batch")
        }
        if boarded.requests == 0 {
            // A request larger than the limit rides alone.
            if let grant, firstRequest(bucket).rows > grant.rows { return false }
            boarded.add(boardAlone(bucket, into: &actions))
        }
        let oldest = min(boarded.earliestArrival, now)
        start(
            on: id, bucket: bucket, rows: boarded.rows, members: before, at: now,
            waited: oldest.interval(to: now), into: &actions)
        return true
    }

    // MARK: Boarding

    /// Boards queue after queue, the most important first.
    private mutating func boardFirst(
        _ limit: Int, _ bucket: Int, into actions: inout ActionBuffer
    ) -> Boarding {
        var boarded = Boarding()
        for index in classes.indices where !buckets[bucket].queues[index].isEmpty {
            let all = buckets[bucket].queues[index].rows(in: table)
            boarded.add(
                board(
                    index, bucket: bucket, dueFrom: .origin, rows: limit - boarded.rows,
                    into: &actions))
            // What does not fit blocks what is behind it, as in a queue.
            if boarded.rows + all > limit, !buckets[bucket].queues[index].isEmpty { break }
        }
        return boarded
    }

    /// Boards each class up to its part, then fills up, the most important class first.
    private mutating func boardWeighted(
        _ limit: Int, _ weights: [Int], _ bucket: Int, into actions: inout ActionBuffer
    ) -> Boarding {
        var boarded = Boarding()
        var sum = 0
        for index in classes.indices where !buckets[bucket].queues[index].isEmpty {
            sum += weights[min(index, weights.count - 1)]
        }
        for index in classes.indices where !buckets[bucket].queues[index].isEmpty {
            let part = limit * weights[min(index, weights.count - 1)] / sum
            boarded.add(
                board(
                    index, bucket: bucket, dueFrom: .origin,
                    rows: min(part, limit - boarded.rows), into: &actions))
        }
        boarded.add(boardFirst(limit - boarded.rows, bucket, into: &actions))
        return boarded
    }

    private mutating func boardAlone(
        _ bucket: Int, into actions: inout ActionBuffer
    ) -> Boarding {
        let rows = firstRequest(bucket).rows
        for index in classes.indices where !buckets[bucket].queues[index].isEmpty {
            return board(index, bucket: bucket, dueFrom: .origin, rows: rows, into: &actions)
        }
        return Boarding()
    }

    // MARK: Queues

    /// The queue that requests of a class wait in.
    func queueIndex(_ priorityClass: ClassIndex) -> Int {
        order.mergesClasses ? 0 : priorityClass.rawValue
    }

    /// A request's place in its queue.
    func queueKey(_ request: QueuedRequest) -> Instant {
        if let score = configuration.score, isSlackAware { return score.key(of: request) }
        return order.isByArrival ? request.arrival : request.deadline
    }

    /// Keys of delayed requests lie this much later: behind all others, in their own order.
    static let delayedOffset = Interval(nanoseconds: 1 << 62)

    /// Whether a request has been moved behind the others.
    func isDelayed(_ slot: Slot) -> Bool {
        table.nodes[Int(slot)].key >= .origin + Self.delayedOffset
    }

    private mutating func delayFirst(_ queue: Int, _ bucket: Int) {
        let slot = buckets[bucket].queues[queue].first
        precondition(!isDelayed(slot), "a request is delayed once")
        buckets[bucket].queues[queue].remove(slot, in: &table)
        let key = table.nodes[Int(slot)].key + Self.delayedOffset
        table[slot].key = key
        table.link(slot, left: RequestTable.none, right: RequestTable.none)
        buckets[bucket].queues[queue].insert(slot, in: &table)
    }

    /// The bucket whose first request comes first: by class where classes are apart, then by key.
    private func firstBucket() -> Int {
        var best = 0
        var bestQueue = Int.max
        for (index, bucket) in buckets.enumerated() where bucket.count > 0 {
            guard let queue = bucket.queues.firstIndex(where: { !$0.isEmpty }) else { continue }
            let isBetter =
                queue < bestQueue
                || (queue == bestQueue
                    && table.precedes(
                        bucket.queues[queue].first, buckets[best].queues[queue].first))
            if isBetter {
                best = index
                bestQueue = queue
            }
        }
        return best
    }

    /// Tells the rule about a batch that succeeded.
    mutating func teachRule(_ running: InstanceState.Running, at now: Instant) {
        guard var rule = baseline else { return }
        baseline = nil
        rule.observe(
            FinishedBatch(
                rows: running.rows, took: running.started.interval(to: now),
                waited: running.waited, end: now))
        baseline = rule
    }
}
