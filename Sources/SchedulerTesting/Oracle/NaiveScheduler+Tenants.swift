internal import ControlCore
internal import SchedulerCore
internal import ServingModel

/// Shares and quotas of tenants, with a list of accounts and no queues: who waits is looked up.
extension NaiveScheduler {
    struct Account {
        var tenant: TenantID
        /// -1 where the modality has no share of its own.
        var modality: Int
        var weight: Double
        var quota: TenantPolicy.Quota?
        var tokens: Double
        var refilled: Instant
        /// By class, device milliseconds over weight.
        var used: [Double]
        var lastUsed = 0

        var key: (TenantID, Int) { (tenant, modality) }
    }

    /// Whether there are shares at all.
    var hasTenants: Bool {
        configuration.tenants != nil
            || configuration.modalities.contains { $0.deviceShare != nil }
    }

    var tenantPolicy: TenantPolicy { configuration.tenants ?? TenantPolicy() }

    mutating func account(of arrival: Arrival, at now: Instant) -> Int {
        let modality = arrival.modality.rawValue
        let isKnown = modality < configuration.modalities.count
        let share = isKnown ? configuration.modalities[modality].deviceShare : nil
        return account(arrival.tenant, share == nil ? -1 : modality, at: now)
    }

    mutating func account(_ tenant: TenantID, _ modality: Int, at now: Instant) -> Int {
        lookups += 1
        let known = accounts.firstIndex { $0.tenant == tenant && $0.modality == modality }
        if let known {
            accounts[known].lastUsed = lookups
            return known
        }
        let grant = tenantPolicy.grants.first { $0.tenant == tenant }
        let quota = grant.map(\.quota) ?? tenantPolicy.quota
        let share = modality < 0 ? 1 : configuration.modalities[modality].deviceShare ?? 1
        let fresh = Account(
            tenant: tenant, modality: modality,
            weight: (grant?.weight ?? tenantPolicy.weight) * share, quota: quota,
            tokens: quota?.burst ?? 0, refilled: now, used: served, lastUsed: lookups)
        if accounts.count < tenantPolicy.maxTenants {
            accounts.append(fresh)
            return accounts.count - 1
        }
        let idle = accounts.indices.dropFirst().filter { index in
            let isFull = accounts[index].quota.map { tokens(index, at: now) >= $0.burst } ?? true
            return isFull && !waiting.contains { $0.account == index }
        }
        guard let oldest = idle.min(by: { accounts[$0].lastUsed < accounts[$1].lastUsed })
        else { return 0 }
        accounts[oldest] = fresh
        return oldest
    }

    private func tokens(_ account: Int, at now: Instant) -> Double {
        guard let quota = accounts[account].quota else { return 0 }
        let since = accounts[account].refilled.interval(to: now).milliseconds
        return min(accounts[account].tokens + quota.rate * since, quota.burst)
    }

    private func cost(_ arrival: Arrival) -> Double {
        let state = shapes.first { $0.queue.shape == arrival.shape }
        return (state?.models[0] ?? configuration.latency).perRow * Double(size(arrival))
    }

    mutating func exceedsQuota(_ arrival: Arrival, at now: Instant) -> Bool {
        guard hasTenants, !isDraining else { return false }
        let account = account(arrival.tenant, -1, at: now)
        guard let quota = accounts[account].quota else { return false }
        let missing = min(cost(arrival), quota.burst) - tokens(account, at: now)
        guard missing > 0 else { return false }
        let wait = Interval(milliseconds: missing / quota.rate)
        actions.append(.reject(arrival.id, .quotaExceeded, retryAfter: wait))
        return true
    }

    mutating func spendQuota(_ arrival: Arrival, at now: Instant) {
        guard hasTenants else { return }
        let account = account(arrival.tenant, -1, at: now)
        guard accounts[account].quota != nil else { return }
        accounts[account].tokens = tokens(account, at: now) - cost(arrival)
        accounts[account].refilled = max(accounts[account].refilled, now)
    }

    /// An account that begins to wait is lifted to where the others are.
    mutating func lift(_ request: Waiting) {
        guard hasTenants else { return }
        let index = request.classIndex
        let waits = waiting.contains { $0.account == request.account && $0.classIndex == index }
        guard !waits else { return }
        accounts[request.account].used[index] = max(
            accounts[request.account].used[index], served[index])
    }

    func isBehind(_ left: Int, _ right: Int, _ index: Int) -> Bool {
        let one = accounts[left]
        let other = accounts[right]
        return (one.used[index], one.tenant, one.modality)
            < (other.used[index], other.tenant, other.modality)
    }

    /// The shape of the account furthest behind in a class, when not all that waits can be in time.
    func fairShape(_ classIndex: Int, at now: Instant) -> Int? {
        guard hasTenants, shapes.count > 1 else { return nil }
        let rivals = waiting.filter { $0.classIndex == classIndex }
        var needed = Interval.zero
        for state in shapes {
            let rows = rivals.filter { $0.queue == state.queue }.reduce(0) { $0 + $1.size }
            guard rows > 0 else { continue }
            needed = needed + state.models[allowed(state).last ?? 0].latency(rows: rows)
        }
        let slacks = rivals.filter { $0.key != .distantFuture }.map { now.interval(to: $0.key) }
        guard needed > slacks.min() ?? .never else { return nil }
        let best = rivals.min { left, right in
            left.account == right.account
                ? precedes(left, right) : isBehind(left.account, right.account, classIndex)
        }
        return best.flatMap { best in shapes.firstIndex { $0.queue == best.queue } }
    }

    /// The latest-due request of the account with the most rows for its weight, among those with more
    /// than the newcomer's.
    func greediestNewest(than request: Waiting) -> Int? {
        guard hasTenants else { return nil }
        func load(_ account: Int, _ more: Int) -> Double {
            let rows = waiting.filter { $0.account == account }.reduce(more) { $0 + $1.size }
            return Double(rows) / accounts[account].weight
        }
        let own = load(request.account, request.size)
        let rivals = accounts.indices.filter { account in
            account != request.account && load(account, 0) > own
                && waiting.contains {
                    $0.account == account && $0.classIndex == request.classIndex
                }
        }
        var greediest: Int?
        for rival in rivals where greediest.map({ load(rival, 0) > load($0, 0) }) ?? true {
            greediest = rival
        }
        return waiting.indices
            .filter {
                waiting[$0].account == greediest && waiting[$0].classIndex == request.classIndex
            }
            .max { precedes(waiting[$0], waiting[$1]) }
    }

    /// Rows due no later in the request's class, of the others' no more than their shares.
    func fairRows(before request: Waiting, among earlier: [Waiting]) -> Int {
        let rows = earlier.reduce(0) { $0 + $1.size }
        guard hasTenants else { return rows }
        let own = earlier.filter { $0.account == request.account }
            .reduce(request.size) { $0 + $1.size }
        var weights = 0.0
        for account in accounts.indices
        where account == request.account
            || waiting.contains(where: {
                $0.account == account && $0.classIndex == request.classIndex
            })
        {
            weights += accounts[account].weight
        }
        let fair = (Double(own) * weights / accounts[request.account].weight).rounded(.up)
        return min(rows, max(Int(min(fair, 1e9)) - request.size, 0))
    }
}
