internal import ServingModel

/// Whose turn it is within a class: one account for each tenant, or for each tenant and modality where
/// modalities have shares of their own.
///
/// Start-time fair queueing (Goyal, Vin and Cheng, 1996) over predicted device time: each class of an
/// account has a virtual time that advances by the device time it is given, divided by its weight; the
/// account that is furthest behind is served. When an account begins to wait, it is lifted to the
/// virtual time of whoever was served last, so that nobody saves up while idle.
///
/// Requests are kept a second time, by account, in a table of their own; the scheduler's queues stay as
/// they are, and nothing of this exists unless it is asked for.
struct Tenancy {
    /// Tenant and modality; modality -1 where it has no share of its own.
    struct Key: Hashable, Comparable {
        var tenant: TenantID
        var modality: Int

        static func < (left: Key, right: Key) -> Bool {
            (left.tenant, left.modality) < (right.tenant, right.modality)
        }
    }

    /// What one tenant, or one modality of a tenant, has used.
    struct Account {
        var key: Key
        var weight: Double
        /// Device milliseconds over weight, by class.
        var used: [Double]
        /// Requests that wait, by class.
        var waiting: [Int]
        /// Rows that wait, over all classes.
        var rows = 0
        /// Number of the last arrival, to forget the one idle longest.
        var lastUsed: UInt64 = 0
        /// Device milliseconds left in the quota, as of `refilled`.
        var tokens = 0.0
        var refilled = Instant.origin
        var quota: TenantPolicy.Quota?

        var isIdle: Bool { rows == 0 }
    }

    /// The waiting requests of one account in one queue of the scheduler.
    struct Flow {
        var account: Int
        var queue = RequestQueue()
    }

    let policy: TenantPolicy
    let shares: [Double?]
    private(set) var accounts: [Account] = []
    private var index: [Key: Int] = [:]
    /// Virtual time of the request served last, by class.
    private var served: [Double]
    private(set) var table = RequestTable(capacity: 256)
    /// By bucket and class: the flows that are not empty.
    private(set) var flows: [[[Flow]]] = []
    private var arrivals: UInt64 = 0

    /// `nil` when the configuration asks for neither tenants nor shares of modalities.
    init?(_ configuration: SchedulerConfiguration) {
        shares = configuration.modalities.map(\.deviceShare)
        guard configuration.tenants != nil || shares.contains(where: { $0 != nil }) else {
            return nil
        }
        policy = configuration.tenants ?? TenantPolicy()
        served = Array(repeating: 0, count: configuration.classes.count)
        _ = open(Key(tenant: .none, modality: -1), at: .origin)
    }

    // MARK: Accounts

    /// The account of an arrival, opened if need be.
    mutating func account(of arrival: Arrival, at now: Instant) -> Int {
        let modality = arrival.modality.rawValue
        let hasShare = modality < shares.count && shares[modality] != nil
        return account(
            Key(tenant: arrival.tenant, modality: hasShare ? modality : -1), at: now)
    }

    /// The account that holds a tenant's quota.
    mutating func quotaAccount(of arrival: Arrival, at now: Instant) -> Int {
        account(Key(tenant: arrival.tenant, modality: -1), at: now)
    }

    private mutating func account(_ key: Key, at now: Instant) -> Int {
        arrivals += 1
        if let known = index[key] {
            accounts[known].lastUsed = arrivals
            return known
        }
        return open(key, at: now)
    }

    private mutating func open(_ key: Key, at now: Instant) -> Int {
        let grant = policy.grants.first { $0.tenant == key.tenant }
        let share = key.modality >= 0 ? shares[key.modality] ?? 1 : 1
        let quota = grant == nil ? policy.quota : grant?.quota
        let fresh = Account(
            key: key, weight: (grant?.weight ?? policy.weight) * share,
            used: served, waiting: Array(repeating: 0, count: served.count), lastUsed: arrivals,
            tokens: quota?.burst ?? 0, refilled: now, quota: quota)
        if accounts.count < policy.maxTenants {
            accounts.append(fresh)
            index[key] = accounts.count - 1
            return accounts.count - 1
        }
        // Account 0 belongs to nobody in particular and always stays.
        var oldest: Int?
        for candidate in 1..<accounts.count where isForgettable(candidate, at: now) {
            if let best = oldest, accounts[best].lastUsed <= accounts[candidate].lastUsed {
                continue
            }
            oldest = candidate
        }
        guard let oldest else { return 0 }
        index[accounts[oldest].key] = nil
        accounts[oldest] = fresh
        index[key] = oldest
        return oldest
    }

    /// An account without waiting work whose quota is full: a new one would be the same.
    private func isForgettable(_ account: Int, at now: Instant) -> Bool {
        guard accounts[account].isIdle else { return false }
        guard let quota = accounts[account].quota else { return true }
        return tokens(account, at: now) >= quota.burst
    }

    // MARK: Quotas

    private func tokens(_ account: Int, at now: Instant) -> Double {
        guard let quota = accounts[account].quota else { return 0 }
        let since = accounts[account].refilled.interval(to: now).milliseconds
        return min(accounts[account].tokens + quota.rate * since, quota.burst)
    }

    /// Time until the quota allows `cost` device milliseconds; `nil` when it does so now. What costs
    /// more than the quota can hold is allowed when it is full, and paid off afterwards.
    func wait(_ account: Int, cost: Double, at now: Instant) -> Interval? {
        guard let quota = accounts[account].quota else { return nil }
        let missing = min(cost, quota.burst) - tokens(account, at: now)
        return missing > 0 ? Interval(milliseconds: missing / quota.rate) : nil
    }

    /// Takes `cost` device milliseconds out of a quota.
    mutating func spend(_ account: Int, cost: Double, at now: Instant) {
        guard accounts[account].quota != nil else { return }
        accounts[account].tokens = tokens(account, at: now) - cost
        accounts[account].refilled = max(accounts[account].refilled, now)
    }

    // MARK: Waiting requests

    /// Files a request that now waits in a queue of the scheduler.
    mutating func add(_ request: QueuedRequest, key: Instant, account: Int, bucket: Int) {
        let index = request.priorityClass.rawValue
        while flows.count <= bucket {
            flows.append(Array(repeating: [], count: served.count))
        }
        if accounts[account].waiting[index] == 0 {
            accounts[account].used[index] = max(accounts[account].used[index], served[index])
        }
        accounts[account].waiting[index] += 1
        accounts[account].rows += request.rows
        let slot = table.add(request, key: key, bucket: account)
        let flow = flows[bucket][index].firstIndex { $0.account == account }
        if let flow {
            flows[bucket][index][flow].queue.insert(slot, in: &table)
        } else {
            var fresh = Flow(account: account)
            fresh.queue.insert(slot, in: &table)
            flows[bucket][index].append(fresh)
        }
    }

    /// Takes out a request that no longer waits; `cost` is the device time that it is given.
    mutating func remove(_ id: RequestID, _ index: Int, bucket: Int, cost: Double?) {
        guard let slot = table.slot(of: id) else { return }
        let account = table.bucket(slot)
        guard let flow = flows[bucket][index].firstIndex(where: { $0.account == account }) else {
            preconditionFailure("request \(id) waits in no flow")
        }
        flows[bucket][index][flow].queue.remove(slot, in: &table)
        if flows[bucket][index][flow].queue.isEmpty {
            flows[bucket][index].swapAt(flow, flows[bucket][index].count - 1)
            flows[bucket][index].removeLast()
        }
        let request = table.discard(slot)
        accounts[account].waiting[index] -= 1
        accounts[account].rows -= request.rows
        if let cost {
            served[index] = max(served[index], accounts[account].used[index])
            accounts[account].used[index] += cost / accounts[account].weight
        }
    }

    /// Whether an account is served before another in a class: the one further behind, then by key.
    func precedes(_ left: Int, _ right: Int, _ index: Int) -> Bool {
        let one = accounts[left]
        let other = accounts[right]
        return one.used[index] != other.used[index]
            ? one.used[index] < other.used[index] : one.key < other.key
    }
}
