internal import ControlCore
internal import ServingModel

extension Scheduler {
    /// Whether several accounts wait in a queue, so that it matters who rides.
    func hasRivals(_ index: Int, bucket: Int) -> Bool {
        guard let tenancy, bucket < tenancy.flows.count else { return false }
        return tenancy.flows[bucket][index].count > 1
    }

    /// Moves requests of one class due at `deadline` or later into the batch, up to `limit` rows: always
    /// the most urgent one of the account that is furthest behind. `perRow` is the device time of a row.
    mutating func boardFairly(
        _ index: Int, bucket: Int, dueFrom deadline: Instant, rows limit: Int, perRow: Double,
        into actions: inout ActionBuffer
    ) -> Boarding {
        var boarded = Boarding()
        var closed: [Int] = []
        while boarded.rows < limit {
            var best: Slot?
            var bestAccount = -1
            for flow in tenancy?.flows[bucket][index] ?? [] where !closed.contains(flow.account) {
                guard bestAccount < 0 || tenancy?.precedes(flow.account, bestAccount, index) == true
                else { continue }
                guard let candidate = tenancy?.first(of: flow, dueFrom: deadline) else { continue }
                best = candidate
                bestAccount = flow.account
            }
            guard let best, let request = tenancy?.table.request(best) else { break }
            guard boarded.rows + request.rows <= limit else {
                closed.append(bestAccount)
                continue
            }
            guard let slot = table.slot(of: request.id) else {
                preconditionFailure("request \(request.id) waits in a flow only")
            }
            tenancy?.remove(request.id, index, bucket: bucket, cost: perRow * Double(request.rows))
            remove(slot)
            boarded.note(request, into: &actions)
        }
        return boarded
    }

    /// Charges the accounts of requests that have just boarded, the members from `first` on.
    mutating func chargeTenants(
        _ index: Int, bucket: Int, perRow: Double, members first: Int, _ actions: ActionBuffer
    ) {
        guard tenancy != nil else { return }
        for id in actions.members[first...] {
            let rows = tenancy?.rows(of: id) ?? 0
            tenancy?.remove(id, index, bucket: bucket, cost: perRow * Double(rows))
        }
    }

    /// Refuses a request whose tenant has used up its quota, and charges it otherwise.
    mutating func exceedsQuota(
        _ arrival: Arrival, at now: Instant, into actions: inout ActionBuffer
    ) -> Bool {
        guard tenancy != nil, !isDraining else { return false }
        guard let account = tenancy?.quotaAccount(of: arrival, at: now) else { return false }
        let cost = quotaCost(arrival)
        guard let wait = tenancy?.wait(account, cost: cost, at: now) else { return false }
        actions.append(.reject(arrival.id, .quotaExceeded, retryAfter: wait))
        return true
    }

    /// Charges the quota of a request that was taken in.
    mutating func chargeQuota(_ arrival: Arrival, at now: Instant) {
        guard let account = tenancy?.quotaAccount(of: arrival, at: now) else { return }
        let cost = quotaCost(arrival)
        tenancy?.spend(account, cost: cost, at: now)
    }

    /// Device milliseconds that a request adds to a batch.
    private func quotaCost(_ arrival: Arrival) -> Double {
        latency(of: arrival.shape).perRow * Double(size(of: arrival))
    }

    /// The bucket whose account is furthest behind in the class that is served first, when what waits
    /// there cannot all be in time, one batch for each shape; `nil` when it does not matter.
    func fairBucket(_ index: Int, at now: Instant) -> Int? {
        guard let tenancy, buckets.count > 1 else { return nil }
        var best: Int?
        var bestFlow: Tenancy.Flow?
        var needed = Interval.zero
        var slack = Interval.never
        for bucket in buckets.indices where !buckets[bucket].queues[index].isEmpty {
            let queue = buckets[bucket].queues[index]
            let model = buckets[bucket].latency(of: quickestVariant(bucket))
            needed = needed + model.latency(rows: queue.rows(in: table))
            let due = table.nodes[Int(queue.first)].key
            if due != .distantFuture { slack = min(slack, now.interval(to: due)) }
            for flow in tenancy.flows[bucket][index] {
                if let bestFlow, !tenancy.precedes(flow, bestFlow, index) { continue }
                best = bucket
                bestFlow = flow
            }
        }
        return needed > slack ? best : nil
    }

    /// The latest-due request of the account with the most waiting rows for its weight, when that is
    /// another than `account` and has more than it would have with `rows` more.
    func greediestNewest(_ index: Int, than account: Int, rows: Int) -> Slot? {
        guard let tenancy else { return nil }
        let own = tenancy.accounts[account]
        var most = Double(own.rows + rows) / own.weight
        var greediest: Int?
        for candidate in tenancy.accounts.indices
        where candidate != account && tenancy.accounts[candidate].waiting[index] > 0 {
            let load = Double(tenancy.accounts[candidate].rows) / tenancy.accounts[candidate].weight
            if load > most {
                most = load
                greediest = candidate
            }
        }
        guard let greediest else { return nil }
        var newest: Slot?
        for bucket in tenancy.flows.indices {
            for flow in tenancy.flows[bucket][index] where flow.account == greediest {
                let candidate = flow.queue.last(in: tenancy.table)
                if let best = newest, tenancy.table.precedes(candidate, best) { continue }
                newest = candidate
            }
        }
        guard let newest else { return nil }
        return table.slot(of: tenancy.table.request(newest).id)
    }

    /// Rows that board before a request of an account: what is due earlier, but of the others' no more
    /// than their shares beside its own.
    func fairRows(before request: QueuedRequest, account: Int, rows: Int) -> Int {
        guard let tenancy else { return rows }
        let index = request.priorityClass.rawValue
        let later = queueKey(request) + Interval(nanoseconds: 1)
        var own = request.rows
        for bucket in tenancy.flows.indices {
            for flow in tenancy.flows[bucket][index] where flow.account == account {
                own +=
                    flow.queue.rows(in: tenancy.table)
                    - flow.queue.rows(dueFrom: later, in: tenancy.table)
            }
        }
        var weights = 0.0
        for other in tenancy.accounts.indices
        where other == account || tenancy.accounts[other].waiting[index] > 0 {
            weights += tenancy.accounts[other].weight
        }
        let fair = Double(own) * weights / tenancy.accounts[account].weight
        return min(rows, max(Int(min(fair.rounded(.up), 1e9)) - request.rows, 0))
    }
}

extension Tenancy {
    /// The first request of a flow due at `deadline` or later.
    func first(of flow: Flow, dueFrom deadline: Instant) -> Slot? {
        let slot = flow.queue.first(dueFrom: deadline, in: table)
        return slot == RequestTable.none ? nil : slot
    }

    /// Whether a flow is served before another: by account, then by its most urgent request.
    func precedes(_ left: Flow, _ right: Flow, _ index: Int) -> Bool {
        left.account == right.account
            ? table.precedes(left.queue.first, right.queue.first)
            : precedes(left.account, right.account, index)
    }

    /// Rows of a waiting request.
    func rows(of id: RequestID) -> Int {
        table.slot(of: id).map { table.request($0).rows } ?? 0
    }
}
