/// What a scenario file says: devices, traffic, the policies to compare, and what is expected.
///
/// The names in parentheses are those of the file. Every policy of a scenario meets the same arrivals and,
/// batch by batch, the same noise. With an empty ``models`` the scenario has one model, described by
/// ``devices``, ``classes`` and ``arrivals``; otherwise each model brings its own and ``devices`` says only
/// how many devices they share and how much memory each has.
package struct Scenario: Sendable, Equatable {
    /// Short name, used in reports (`name`).
    package var name: String
    /// One or two sentences for the reader of a report (`about`).
    package var about = ""
    /// First seed (`seed`).
    package var seed: UInt64 = 1
    /// How many seeds are run: `seed`, `seed + 1`, … (`seeds`).
    package var seeds = 1
    /// Virtual seconds during which requests arrive, the warm-up included (`duration_s`).
    package var durationSeconds = 25.0
    /// Most requests; `nil` for no limit but the duration (`requests`).
    package var maxRequests: Int?
    /// Virtual seconds whose requests are served but not counted (`warmup_s`).
    package var warmupSeconds = 3.0
    /// The devices and what a batch costs on them (`devices`).
    package var devices = ScenarioDevices()
    /// Classes of requests, most important first (`classes`).
    package var classes = [ScenarioClass(name: "default", deadlineMilliseconds: 80)]
    /// When requests come and what they are like (`arrivals`).
    package var arrivals = ArrivalPlan(.poisson(ratePerSecond: 1_000))
    /// Text generation on the device; `nil` for batches (`generation`).
    package var generation: GenerationPlan?
    /// Models that share the devices; empty for one model (`models`).
    package var models: [ScenarioModel] = []
    /// The policies to compare (`policies`).
    package var policies = [ScenarioPolicy.slackAware]
    /// Limits of the server (`limits`).
    package var limits = ScenarioLimits()
    /// What goes wrong besides stalls and failed batches (`faults`).
    package var faults = FaultPlan()
    /// Memory of the server's process; `nil` where it never matters (`memory`).
    package var memory: ProcessMemory?
    /// Looks for the highest rate that keeps a figure, instead of running one rate (`search`).
    package var search: RateSearch?
    /// Also runs these rates, in requests per second, for a curve of throughput against latency (`sweep`).
    package var sweepRatesPerSecond: [Double] = []
    /// Compares with the schedule of one who knows the future (`optimum: true`); for short runs with one
    /// class and one device without noise.
    package var comparesWithOptimum = false
    /// What must come out (`targets`).
    package var targets: [ScenarioTarget] = []
    /// Figures of others, shown beside ours (`references`).
    package var references: [ReferenceRow] = []

    /// A scenario with the defaults of every key.
    package init(name: String) {
        self.name = name
    }
}

/// Figures that somebody else published for a comparable load; `nil` for those they did not publish.
package struct ReferenceRow: Sendable, Equatable {
    /// Whose figures (`name`).
    package var name: String
    /// At which rate, in requests per second (`rate_rps`).
    package var ratePerSecond: Double?
    /// Mean latency in milliseconds (`mean_ms`).
    package var meanMilliseconds: Double?
    /// 99 % quantile in milliseconds (`p99_ms`).
    package var p99Milliseconds: Double
    /// Rejected, failed or late, in percent (`error_pct`).
    package var errorPercent: Double?

    /// A row with a P99 alone.
    package init(name: String, p99Milliseconds: Double) {
        self.name = name
        self.p99Milliseconds = p99Milliseconds
    }
}

/// Limits of the simulated server.
package struct ScenarioLimits: Sendable, Equatable {
    /// Most rows in one batch (`max_batch`).
    package var maxBatch = 1_024
    /// Most requests that may wait (`max_queued`).
    package var maxQueued = 1 << 20
    /// Time kept free between the engine's answer and the client's, in milliseconds (`guard_ms`).
    package var guardMilliseconds = 0.5

    /// The defaults.
    package init() {}
}
