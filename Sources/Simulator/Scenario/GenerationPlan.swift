/// Text generation instead of batches: what is particular about its device and its server (`generation`).
///
/// A step of `n` tokens over a context of `k` tokens takes
/// `base_ms + per_item_ms * n + per_kv_ktoken_ms * k / 1000` milliseconds; the first two, noise, stalls and
/// failures are those of the scenario's devices, whose items are tokens.
package struct GenerationPlan: Sendable, Equatable {
    /// Milliseconds that each thousand tokens of context add to a step: keys and values of all tokens that
    /// the step's requests hold (`per_kv_ktoken_ms`).
    package var perKeyValueKiloTokenMilliseconds = 0.04
    /// Tokens whose keys and values fit the device (`kv_tokens`).
    package var keyValueTokens = 300_000
    /// Requests that can run at the same time (`slots`).
    package var slots = 256
    /// Prefixes that can be kept for further requests (`cache_slots`).
    package var cacheSlots = 1_024
    /// Tokens of a block, in which equal prefixes are recognised (`block_tokens`).
    package var blockTokens = 16
    /// Most tokens of a prompt and its answer together (`max_context`).
    package var maxContext = 16_384
    /// Deviation of the logarithm of predicted over true lengths of answers; `nil` when nobody predicts
    /// (`prediction_error`).
    package var predictionError: Double?
    /// Models that batch on the same device between the steps (`beside`).
    package var companions: [CompanionModel] = []

    /// The device of the scheduling notes.
    package init() {}
}

/// A model whose batches run on the device of a generator, between its steps.
package struct CompanionModel: Sendable, Equatable {
    /// Its name (`name`).
    package var name: String
    /// What its batches cost (`devices`); the count is ignored.
    package var devices = ScenarioDevices()
    /// Its classes of requests, most important first (`classes`).
    package var classes = [ScenarioClass(name: "default", deadlineMilliseconds: 80)]
    /// Its traffic (`arrivals`).
    package var arrivals = ArrivalPlan(.poisson(ratePerSecond: 100))
    /// Most rows in one batch (`max_batch`).
    package var maxBatch = 1_024

    /// A model with the defaults of every other key.
    package init(name: String) {
        self.name = name
    }
}

/// Prompts that begin alike, such as with the same system prompt or the same conversation.
package struct SharedPrefixes: Sendable, Equatable {
    /// How many there are; each is as likely as any other (`count`).
    package var count: Int
    /// Part of the requests whose prompt begins with one of them (`share`).
    package var share: Double
    /// Tokens of a prefix; a prompt that is shorter is a part of it (`tokens`).
    package var tokens: SizePlan

    /// Makes them.
    package init(count: Int, share: Double, tokens: SizePlan) {
        self.count = count
        self.share = share
        self.tokens = tokens
    }
}
