package import ControlCore
package import ServingModel

/// Everything that a ``GenerationScheduler`` is told once, at construction.
///
/// Together with the list of timed events it determines every action.
package struct GenerationConfiguration: Sendable, Equatable {
    /// Priority classes, most important first; at least one. Their default deadline is that of the first
    /// token.
    package var classes: [PriorityClass]

    /// Requests that can run at the same time: sequences that the engine keeps apart.
    package var slots: Int

    /// Further sequences of the engine, each of which can keep a prefix that requests share; 0 for no cache.
    package var cacheSlots: Int

    /// Tokens whose keys and values the device has room for, running and cached together.
    package var keyValueTokens: Int

    /// Tokens of a block of the ``PrefixChain``.
    package var blockTokens: Int

    /// Most tokens of one sequence, prompt and answer together.
    package var maxContext: Int

    /// Most tokens that the engine takes in one step.
    package var maxStepTokens: Int

    /// What is known about the device before the first step.
    package var cost: StepCostModel

    /// Who decides what a step consists of.
    package var policy: GenerationPolicy

    /// Most requests that may wait.
    package var maxQueuedRequests: Int

    /// Most prompt tokens that may wait.
    package var maxQueuedTokens: Int

    /// What it costs to keep a pre-empted request's keys and values in host memory; `nil` where the engine
    /// cannot, and pre-empted requests are computed anew.
    package var swap: SwapCost?

    /// Fair shares of tokens between tenants; `nil` for none.
    package var fairness: TokenFairness?

    /// Whether somebody else says when a step may start: no event but
    /// ``GenerationEvent/granted(longest:)`` starts one. For models that share their device.
    package var isArbitrated: Bool

    /// Share of the memory that requests of the most important class may be predicted to fill.
    package var memoryShare: Double

    /// What each lesser class leaves free below that, as a share.
    package var classHeadroom: Double

    /// The page's defaults for a device with room for `keyValueTokens` tokens and this cost.
    package init(
        classes: [PriorityClass] = PriorityClass.defaultTable, slots: Int, cacheSlots: Int = 0,
        keyValueTokens: Int, maxContext: Int, cost: StepCostModel
    ) {
        self.classes = classes
        self.slots = slots
        self.cacheSlots = cacheSlots
        self.keyValueTokens = keyValueTokens
        self.maxContext = maxContext
        self.cost = cost
        blockTokens = 16
        maxStepTokens = 8_192
        policy = .slackAware
        maxQueuedRequests = 4_096
        maxQueuedTokens = 16 << 20
        isArbitrated = false
        memoryShare = 0.98
        classHeadroom = 0.06
    }

    /// What is wrong with it, `nil` when a scheduler can be built with it. Edges ask before they build
    /// one; a scheduler traps.
    package var problem: ConfigurationProblem? {
        do {
            try validate()
            return nil
        } catch {
            return error
        }
    }

    func validate() throws(ConfigurationProblem) {
        try require(!classes.isEmpty, "a scheduler needs at least one priority class")
        try require((1...4_096).contains(slots), "\(slots) slots, not 1 to 4,096")
        try require((0...4_096).contains(cacheSlots), "\(cacheSlots) cache slots, not 0 to 4,096")
        try require(keyValueTokens >= 1, "room for \(keyValueTokens) tokens, not at least 1")
        try require(blockTokens >= 1, "a block holds at least one token, not \(blockTokens)")
        try require(maxContext >= 1, "a context holds at least one token, not \(maxContext)")
        try require(
            maxStepTokens >= slots, "\(maxStepTokens) tokens of a step, fewer than \(slots) slots")
        try require(maxQueuedRequests >= 1, "the queue holds at least one request")
        try require(maxQueuedTokens >= 1, "the queue holds at least one token")
        try require(
            memoryShare > 0 && memoryShare <= 1, "memory share \(memoryShare) not in (0, 1]")
        try require(
            classHeadroom >= 0 && classHeadroom < 1, "headroom \(classHeadroom) not in [0, 1)")
        try policy.validate()
        try fairness?.validate()
    }
}

/// What it takes to move a sequence between the device and host memory, one way.
package struct SwapCost: Sendable, Equatable {
    /// Time of a copy, whatever its size.
    package var base: Interval
    /// Time that each token adds.
    package var perToken: Interval
    /// Most tokens that host memory keeps.
    package var maxTokens: Int

    /// Makes a cost; see the properties.
    package init(base: Interval, perToken: Interval, maxTokens: Int) {
        self.base = base
        self.perToken = perToken
        self.maxTokens = maxTokens
    }

    /// Time to copy so many tokens.
    package func time(tokens: Int) -> Interval { base + perToken * UInt64(max(tokens, 0)) }
}

/// Shares of tokens between tenants by virtual token counters (Sheng and others, "Fairness in serving
/// large language models", 2024): the tenant that has had least goes first among requests of equal rank.
package struct TokenFairness: Sendable, Equatable {
    /// What a tenant's tokens count for, in shares of its weight.
    package struct Share: Sendable, Equatable {
        /// The tenant.
        package var tenant: TenantID
        /// Its share relative to the others, above 0.
        package var weight: Double

        /// Makes a share.
        package init(_ tenant: TenantID, weight: Double) {
            self.tenant = tenant
            self.weight = weight
        }
    }

    /// What a prompt token counts.
    package var promptWeight = 1.0
    /// What a produced token counts.
    package var outputWeight = 2.0
    /// Counters that differ by less than this are equal, so that fairness does not undo the order of the
    /// rest with every token.
    package var grain = 20_000.0
    /// Tenants with a weight other than 1, each at most once.
    package var shares: [Share] = []
    /// Counters kept at the same time. The one idle longest makes room; when none is idle, newcomers share
    /// the counter of ``ServingModel/TenantID/none``.
    package var maxTenants = 256

    /// Equal shares.
    package init() {}

    func validate() throws(ConfigurationProblem) {
        try require(grain > 0, "the grain of fairness is \(grain), not above 0")
        try require(maxTenants >= 2, "counters for \(maxTenants) tenants, fewer than 2")
        for share in shares {
            try require(share.weight > 0, "tenant \(share.tenant) has weight \(share.weight)")
        }
    }
}
