internal import SchedulerCore
internal import Simulator

extension ScenarioReference {
    private static let limit = ScenarioKey.Kind.integer(1...1_000_000)
    private static let window = ScenarioKey.Kind.number(0...600_000, over: false)
    private static let span = ScenarioKey.Kind.number(0...600_000, over: true)
    private static let modelLimit = "the model's"

    /// What an entry of `policies` may say, and the settings of our own policy.
    static let policies: [ScenarioKey] =
        [
            ScenarioKey(
                "policies[]", "name", .text, "the policy's",
                "what reports call it; every entry has its own")
        ]
        + Policy.names.map {
            ScenarioKey(
                "policies[]", $0, .section("a mapping"), "–", "the policy, with its settings")
        }
        + ["policies[]", "swb"].flatMap { section in
            [
                ScenarioKey(
                    section, "max_batch", limit, "that of `limits`", "most rows in a batch"),
                ScenarioKey(
                    section, "fast_fail", .choice(["head", "tail"]), "head",
                    "when a request that will be late is told so: when nothing can save it, or already "
                        + "when those before it leave it no time"),
                ScenarioKey(
                    section, "variants",
                    .choice(ScenarioPolicy.VariantRule.allCases.map(\.rawValue)), "per_batch",
                    "how cheaper variants are chosen"),
                ScenarioKey(
                    section, "burst_split", .truth, "false",
                    "whether young overload splits batches"),
                ScenarioKey(
                    section, "breaker",
                    .choice(ScenarioPolicy.BreakerRule.allCases.map(\.rawValue)), "none",
                    "which circuit breakers take sick instances out"),
                ScenarioKey(
                    section, "advice",
                    .choice(ScenarioPolicy.AdviceRule.allCases.map(\.rawValue)), "turns",
                    "what refused clients are told about coming back: how long the queue is, or a turn of "
                        + "their own"),
                ScenarioKey(
                    section, "health",
                    .choice(ScenarioPolicy.HealthChoice.allCases.map(\.rawValue)), "none",
                    "which health rules change settings"),
                ScenarioKey(
                    section, "health_dry_run", .truth, "false",
                    "whether they only count what they would change"),
            ]
        }

    /// The settings of the policies that other servers have. Names are those of their sources.
    static let baselines: [ScenarioKey] =
        [
            ScenarioKey("static", "batch", limit, "1280", "rows of every batch"),
            ScenarioKey(
                "static", "max_wait_ms", window, "1000",
                "how long the oldest request waits for its batch to fill"),
            ScenarioKey(
                "window", "max_batch", limit, "60", "rows that close the window at once"),
            ScenarioKey("window", "window_ms", window, "50", "the window at the start"),
            ScenarioKey("window", "min_ms", window, "10", "the shortest window"),
            ScenarioKey("window", "max_ms", window, "100", "the longest window"),
            ScenarioKey(
                "window", "every", limit, "10", "batches after which the window is re-evaluated"),
            ScenarioKey(
                "window", "factor", .number(1...100, over: true), "1.2",
                "a mean latency beyond so many times the smoothed one shrinks the window by this "
                    + "factor; otherwise it grows by it"),
            ScenarioKey(
                "window", "smoothing", .number(0...1, over: true), "0.3",
                "weight of the newest evaluation in the smoothed latency"),
            ScenarioKey(
                "window", "weights", .integers(1...1_000), "[5, 3, 1]",
                "parts of a batch that the classes get, most important first"),
        ] + triton + fitted + sliding

    private static let triton = [
        ScenarioKey(
            "triton", "preferred", .integers(1...1_000_000), "none",
            "batch sizes that run as soon as they are reached (`preferred_batch_size`)"),
        ScenarioKey(
            "triton", "delay_ms", window, "0",
            "how long the oldest request waits for a preferred size (`max_queue_delay_microseconds`)"
        ),
        ScenarioKey(
            "triton", "max_batch", limit, modelLimit, "most rows in a batch (`max_batch_size`)"),
        ScenarioKey(
            "triton", "timeout_ms", .numbers(0...600_000, over: false), "none",
            "longest time in the queue, by class; the last one holds for all further classes "
                + "(`default_timeout_microseconds`)"),
        ScenarioKey(
            "triton", "timeout_action", .choice(["REJECT", "DELAY"]), "REJECT",
            "what becomes of a request that has queued too long"),
        ScenarioKey(
            "triton", "priorities", .truth, "true",
            "whether the most important class is served first, strictly (`priority_levels`)"),
        ScenarioKey(
            "triton", "max_queue", .integer(0...1_000_000_000), "0",
            "most requests of one class that wait; 0 for no limit (`max_queue_size`)"),
    ]

    private static let fitted = [
        ScenarioKey(
            "bentoml", "max_batch", .integer(2...1_000_000), modelLimit,
            "batches stay below it (`max_batch_size`)"),
        ScenarioKey(
            "bentoml", "max_latency_ms", span, "the shortest deadline",
            "a request that would take longer is cancelled"),
        ScenarioKey(
            "bentoml", "kept", .integer(2...1_000_000), "50", "calls that the fit looks at"),
        ScenarioKey(
            "bentoml", "refresh_s", .number(0...3_600, over: true), "5", "time between fits"),
        ScenarioKey("bentoml", "wait_ms", window, "10", "wait planned for before the first fit"),
        ScenarioKey(
            "bentoml", "decay", .number(0...1, over: true), "0.95",
            "share of the mean wait that a batch waits for company"),
        ScenarioKey(
            "bentoml", "tick_ms", span, "1", "how often the dispatcher looks at its queue"),
        ScenarioKey("clipper", "max_batch", limit, modelLimit, "most rows in a batch"),
        ScenarioKey(
            "clipper", "budget_decay", .number(0...1, over: true), "0.92",
            "share of the head's slack that a batch may take"),
        ScenarioKey(
            "clipper", "explore_mean", .number(0...10, over: false), "0.1",
            "mean relative growth of a batch that explores"),
        ScenarioKey(
            "clipper", "explore_deviation", .number(0...10, over: false), "0.05",
            "standard deviation of that growth"),
        ScenarioKey(
            "clipper", "deviations", .number(0...100, over: false), "3",
            "standard deviations between mean and estimate of a size's latency"),
        ScenarioKey(
            "clipper", "minimum_samples", .integer(2...Int.max), "30",
            "batches of one size before it counts as known"),
        ScenarioKey(
            "clipper", "additive_until", limit, "10",
            "largest batch that exploration grows by one row"),
        ScenarioKey("clipper", "fit_every", limit, "20", "batches between two fits"),
        ScenarioKey(
            "clipper", "pretrained", .truth, "true",
            "whether the estimator knows the device already"),
        ScenarioKey("clipper", "seed", .integer(0...Int.max), "1", "seed of the exploration"),
    ]

    private static let sliding = [
        ScenarioKey("nexus", "max_batch", limit, modelLimit, "most rows in a batch"),
        ScenarioKey(
            "nexus", "batch", limit, "what takes half of `slo_ms`",
            "rows of the target batch, which Nexus' global scheduler sets"),
        ScenarioKey(
            "nexus", "slo_ms", span, "the shortest deadline", "the time limit of that rule"),
        ScenarioKey(
            "clockwork", "sizes", .integers(1...1_000_000), "powers of two",
            "batch sizes that the model is compiled for, ascending"),
        ScenarioKey("clockwork", "max_batch", limit, modelLimit, "most rows in a batch"),
        ScenarioKey(
            "clockwork", "history", limit, "100",
            "measurements of a size that its estimate is taken from"),
        ScenarioKey(
            "clockwork", "percentile", .number(0...1, over: true), "0.99",
            "the percentile of them that is the estimate"),
        ScenarioKey(
            "clockwork", "initial_margin", .number(0...100, over: true), "1.03",
            "factor on the true latency before the first measurement of a size"),
        ScenarioKey("greedy", "max_batch", limit, modelLimit, "most rows in a batch"),
    ]
}
