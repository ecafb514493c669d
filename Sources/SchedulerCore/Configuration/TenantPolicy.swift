package import ServingModel

/// How the tenants of one model share its device time.
///
/// Within a class, waiting tenants are served in proportion to their weights, measured in predicted
/// device time and not in requests. A tenant that is alone gets everything, and one that was idle
/// has saved up nothing (Sheng and others, "Fairness in serving large language models", 2024).
package struct TenantPolicy: Sendable, Equatable {
    /// What one tenant is granted.
    package struct Grant: Sendable, Equatable {
        /// The tenant.
        package var tenant: TenantID
        /// Its share relative to the others, above 0.
        package var weight: Double
        /// Its limit; `nil` for none.
        package var quota: Quota?

        /// Makes a grant.
        package init(_ tenant: TenantID, weight: Double = 1, quota: Quota? = nil) {
            self.tenant = tenant
            self.weight = weight
            self.quota = quota
        }
    }

    /// A token bucket in milliseconds of predicted device time.
    package struct Quota: Sendable, Equatable {
        /// Device milliseconds granted per millisecond: 0.25 is a quarter of one device.
        package var rate: Double
        /// Device milliseconds that can be saved up.
        package var burst: Double

        /// Makes a quota.
        package init(rate: Double, burst: Double) {
            self.rate = rate
            self.burst = burst
        }
    }

    /// Tenants with terms of their own, each at most once.
    package var grants: [Grant] = []

    /// Weight of every other tenant.
    package var weight = 1.0

    /// Quota of every other tenant; `nil` for none.
    package var quota: Quota?

    /// Accounts kept at the same time. The one idle longest makes room for a new tenant; when none is
    /// idle, newcomers share the account of ``ServingModel/TenantID/none``.
    package var maxTenants = 256

    /// Equal shares, no quotas.
    package init() {}

    func validate() throws(ConfigurationProblem) {
        try require(maxTenants >= 2, "accounts for \(maxTenants) tenants, fewer than 2")
        try require(weight > 0, "tenants have the weight \(weight), not above 0")
        try quota?.validate()
        for grant in grants {
            try require(grant.weight > 0, "tenant \(grant.tenant) has weight \(grant.weight)")
            try grant.quota?.validate()
        }
        let tenants = Set(grants.map(\.tenant))
        try require(tenants.count == grants.count, "a tenant is granted twice")
    }
}

extension TenantPolicy.Quota {
    func validate() throws(ConfigurationProblem) {
        try require(rate > 0 && rate.isFinite, "a quota refills at \(rate), not above 0")
        try require(burst > 0 && burst.isFinite, "a quota holds \(burst) ms, not above 0")
    }
}
