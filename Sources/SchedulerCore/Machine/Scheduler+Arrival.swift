internal import ControlCore
internal import ServingModel

extension Scheduler {
    /// Takes a request in and, when it is the last of its instant, forms batches.
    mutating func arrive(_ arrival: Arrival, at now: Instant, into actions: inout ActionBuffer) {
        admit(arrival, at: now, into: &actions)
        if !arrival.isFollowed { dispatch(at: now, into: &actions) }
    }

    /// Admits a request to its queue, or ends it at once when its deadline cannot be met or the
    /// queue has no room that lighter work could give up.
    private mutating func admit(
        _ arrival: Arrival, at now: Instant, into actions: inout ActionBuffer
    ) {
        precondition(arrival.rows >= 1, "request \(arrival.id) has \(arrival.rows) rows")
        supersede(arrival, into: &actions)
        if exceedsQuota(arrival, at: now, into: &actions) { return }
        let index = classIndex(of: arrival)
        var request = QueuedRequest(
            id: arrival.id, priorityClass: ClassIndex(index), arrival: now,
            deadline: arrival.deadline, rows: size(of: arrival), bytes: arrival.bytes)
        let account = tenancy?.account(of: arrival, at: now) ?? 0
        classes[index].noteArrival(rows: request.rows, at: now)
        noteWillingness(of: arrival, at: now)

        if isDraining { return refuse(request, .draining, at: now, into: &actions) }
        guard let start = earliestStart(at: now) else {
            return refuse(request, .noInstance, at: now, into: &actions)
        }
        guard let bucket = bucket(for: arrival) else {
            return refuse(request, .queueFull, at: now, into: &actions)
        }
        if let score = configuration.score {
            request.score = self.score(of: request, arrival.modality, bucket: bucket, score)
        }
        guard isSlackAware else {
            admitByRule(request, bucket, at: now, into: &actions)
            return noteSubject(arrival)
        }
        guard !isLate(request, startingAt: start, bucket: bucket) else {
            return refuse(request, .deadlineUnreachable, at: now, into: &actions)
        }
        guard fits(request, bucket: bucket, account: account, startingAt: start, at: now)
        else {
            return refuse(request, .deadlineUnreachable, at: now, into: &actions)
        }
        guard makeRoom(for: request, account: account, at: now, into: &actions) else {
            return refuse(request, .queueFull, at: now, into: &actions)
        }
        if request.deadline != .distantFuture {
            classes[index].note(relativeDeadline: now.interval(to: request.deadline))
        }
        enqueue(request, bucket)
        let key = queueKey(request)
        tenancy?.add(request, key: key, account: account, bucket: bucket)
        if tenancy != nil { chargeQuota(arrival, at: now) }
        if arrival.supersedes != nil { noteSubject(arrival) }
    }

    /// The class in which a request waits.
    private func classIndex(of arrival: Arrival) -> Int {
        var priorityClass = arrival.priorityClass
        let modality = arrival.modality.rawValue
        if modality < configuration.modalities.count {
            priorityClass = configuration.modalities[modality].priorityClass(priorityClass)
        }
        return degraded(min(priorityClass.rawValue, classes.count - 1))
    }

    /// Puts a request into its queue and into the books.
    mutating func enqueue(_ request: QueuedRequest, _ bucket: Int) {
        let slot = table.add(request, key: queueKey(request), bucket: bucket)
        buckets[bucket].queues[queueIndex(request.priorityClass)].insert(slot, in: &table)
        buckets[bucket].count += 1
        ledger.charge(request)
        mostQueued = max(mostQueued, ledger.requests)
    }

    /// Takes a waiting request out; anything else has ended or runs, and stays as it is.
    mutating func cancel(_ id: RequestID, into actions: inout ActionBuffer) {
        guard let slot = table.slot(of: id) else { return }
        remove(slot)
        actions.append(.cancelled(id))
    }

    /// When the next batch can start, or `nil` while no instance works.
    func earliestStart(at now: Instant) -> Instant? {
        var earliest: Instant?
        for instance in instances {
            switch instance {
            case .idle: return now
            case .busy(let running):
                let end = max(now, running.predictedEnd)
                earliest = min(earliest ?? end, end)
            case .held(let until):
                let start = max(now, until)
                earliest = min(earliest ?? start, start)
            case .absent, .trial, .leaving: continue
            }
        }
        // Where nobody serves, whoever comes may be the one whose fate tells more.
        return earliest ?? (trials > 0 ? now : nil)
    }

    /// The bucket of a shape, recycling the one that was empty longest when all are taken.
    private mutating func bucket(for arrival: Arrival) -> Int? {
        let shape = arrival.shape
        let isExact = !arrival.allowsCheaperVariant && !residentVariants.isEmpty
        let length = configuration.lengths?.padded(arrival.length) ?? 0
        let known = buckets.firstIndex {
            $0.shape == shape && $0.isExact == isExact && $0.length == length
        }
        if let known { return known }
        let queues = Array(repeating: RequestQueue(), count: classes.count)
        let twin = buckets.first { $0.shape == shape }
        let fresh = Bucket(
            shape: shape, isExact: isExact, length: length, queues: queues,
            latency: twin?.latency ?? configuration.latency,
            cheaper: twin?.cheaper ?? configuration.cheaperVariants)
        if buckets.count < configuration.maxShapes {
            buckets.append(fresh)
            return buckets.count - 1
        }
        var oldest: Int?
        for (index, bucket) in buckets.enumerated() where bucket.count + bucket.running == 0 {
            if oldest.map({ bucket.lastUsed < buckets[$0].lastUsed }) ?? true { oldest = index }
        }
        if let oldest { buckets[oldest] = fresh }
        return oldest
    }

    /// Gives up the newest requests of the lightest lesser classes until `request` fits.
    private mutating func makeRoom(
        for request: QueuedRequest, account: Int, at now: Instant,
        into actions: inout ActionBuffer
    ) -> Bool {
        guard request.bytes <= configuration.maxQueuedBytes else { return false }
        while ledger.requests >= configuration.maxQueuedRequests
            || ledger.bytes + request.bytes > configuration.maxQueuedBytes
        {
            let lighter = lightestNewest(below: request.priorityClass)
            let index = request.priorityClass.rawValue
            let greedy =
                lighter == nil && tenancy != nil
                ? greediestNewest(index, than: account, rows: request.rows) : nil
            guard let victim = lighter ?? greedy else { return false }
            let displaced = remove(victim)
            refuse(displaced, .displaced, at: now, into: &actions)
        }
        return true
    }

    /// The latest-due request of the lightest class that has any, and is lighter than `limit` if there is
    /// one.
    func lightestNewest(below limit: ClassIndex? = nil) -> Slot? {
        let most = limit.map { classes[$0.rawValue].weight } ?? .max
        for index in lightestFirst where classes[index].weight < most {
            var newest: Slot?
            for bucket in buckets where !bucket.queues[index].isEmpty {
                let candidate = bucket.queues[index].last(in: table)
                if newest.map({ table.precedes($0, candidate) }) ?? true { newest = candidate }
            }
            if let newest { return newest }
        }
        return nil
    }

    /// Takes a waiting request out of its queue and out of the books.
    @discardableResult
    mutating func remove(_ slot: Slot) -> QueuedRequest {
        let bucket = table.bucket(slot)
        let index = queueIndex(table.request(slot).priorityClass)
        buckets[bucket].queues[index].remove(slot, in: &table)
        buckets[bucket].count -= 1
        let request = table.discard(slot)
        tenancy?.remove(request.id, request.priorityClass.rawValue, bucket: bucket, cost: nil)
        ledger.refund(request)
        return request
    }

    /// Ends a request that is in no queue.
    mutating func refuse(
        _ request: QueuedRequest, _ reason: RejectReason, at now: Instant,
        into actions: inout ActionBuffer
    ) {
        classes[request.priorityClass.rawValue].rejects.add(request.rows, at: now)
        shed.add(request.rows, at: now)
        actions.append(.reject(request.id, reason, retryAfter: backlog))
    }

    /// How long the present queue will keep the instances busy: the hint when to try again.
    var backlog: Interval {
        let model = latency
        let rows = min(max(ledger.rows, 1), configuration.maxBatchSize)
        return Interval(
            milliseconds: Double(max(ledger.rows, 1))
                / (model.throughput(rows: rows) * Double(max(serving, 1))))
    }
}
