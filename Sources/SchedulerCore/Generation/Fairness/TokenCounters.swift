internal import ServingModel

/// Virtual token counters: what each tenant has had, in tokens over its weight.
///
/// A tenant that was idle has saved up nothing: when it comes back, its counter is lifted to the least of
/// those that are active. See ``TokenFairness``.
struct TokenCounters {
    private struct Account {
        var tenant: TenantID
        var weight: Double
        var counter = 0.0
        /// Requests that have not ended.
        var active = 0
        var lastUsed = Instant.origin
    }

    private let fairness: TokenFairness
    private var accounts: ContiguousArray<Account>

    init(_ fairness: TokenFairness) {
        self.fairness = fairness
        accounts = []
        accounts.reserveCapacity(fairness.maxTenants)
        accounts.append(Account(tenant: .none, weight: Self.weight(of: .none, fairness)))
    }

    private static func weight(of tenant: TenantID, _ fairness: TokenFairness) -> Double {
        fairness.shares.first { $0.tenant == tenant }?.weight ?? 1
    }

    /// Opens an account for a request of a tenant, or finds it; ``leave(_:at:)`` must follow.
    mutating func enter(_ tenant: TenantID, at now: Instant) -> Int {
        let index = account(of: tenant)
        if accounts[index].active == 0 {
            var least: Double?
            for other in accounts where other.active > 0 {
                least = min(least ?? other.counter, other.counter)
            }
            accounts[index].counter = max(accounts[index].counter, least ?? 0)
        }
        accounts[index].active += 1
        accounts[index].lastUsed = now
        return index
    }

    private mutating func account(of tenant: TenantID) -> Int {
        var idle: Int?
        for index in accounts.indices {
            if accounts[index].tenant == tenant { return index }
            guard index > 0, accounts[index].active == 0 else { continue }
            if idle.map({ accounts[index].lastUsed < accounts[$0].lastUsed }) ?? true {
                idle = index
            }
        }
        let fresh = Account(tenant: tenant, weight: Self.weight(of: tenant, fairness))
        if accounts.count < fairness.maxTenants {
            accounts.append(fresh)
            return accounts.count - 1
        }
        guard let idle else { return 0 }
        accounts[idle] = fresh
        return idle
    }

    /// Notes that a request of the account has ended.
    mutating func leave(_ account: Int, at now: Instant) {
        accounts[account].active -= 1
        accounts[account].lastUsed = now
        precondition(accounts[account].active >= 0, "a tenant's requests ended twice")
    }

    /// Charges tokens of the prompt.
    mutating func chargePrompt(_ account: Int, _ tokens: Int) {
        accounts[account].counter +=
            fairness.promptWeight * Double(tokens) / accounts[account].weight
    }

    /// Charges one produced token.
    mutating func chargeOutput(_ account: Int) {
        accounts[account].counter += fairness.outputWeight / accounts[account].weight
    }

    /// The account's place in the order, in whole grains.
    func rank(_ account: Int) -> UInt64 {
        UInt64(min(max(accounts[account].counter / fairness.grain, 0), 1e15))
    }

    /// Requests that have not ended, over all accounts.
    var active: Int { accounts.reduce(0) { $0 + $1.active } }
}
