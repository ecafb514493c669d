extension ScenarioReference {
    private static let rate = ScenarioKey.Kind.number(0...1e9, over: true)
    private static let anyRate = ScenarioKey.Kind.number(0...1e9, over: false)
    static let sizes =
        "a whole number, {uniform: [1, 8]}, "
        + "{log_normal: {median: 120, sigma: 0.8, min: 1, max: 512}} or {choice: {128: 3, 512: 1}}"

    /// Names of the arrival processes.
    static let processes = [
        "poisson", "even", "mmpp", "diurnal", "pareto", "step", "ramp", "trace",
    ]

    /// Keys of arrivals: those of all processes, then those of each.
    static let arrivals: [ScenarioKey] =
        [
            ScenarioKey("arrivals", "process", .choice(processes), "required", "how requests come"),
            ScenarioKey(
                "arrivals", "micro_bursts", .section("a mapping"), "none",
                "clumps of requests on top of the process"),
            ScenarioKey("arrivals", "rows", .section(sizes), "1", "items of a request"),
            ScenarioKey(
                "arrivals", "lengths", .section(sizes), "none",
                "padded length of a request's input, such as tokens; of text generation, the prompt's"
            ),
            ScenarioKey(
                "arrivals", "outputs", .section(sizes), "none",
                "tokens of a generated answer; of a trace, where it does not say"),
            ScenarioKey(
                "arrivals", "prefixes", .section("a mapping"), "none",
                "prompts that begin alike, for text generation"),
            ScenarioKey(
                "arrivals", "together", .truth, "false",
                "whether requests of the same instant reach the scheduler together, as those of one turn of "
                    + "an event loop do"),
            ScenarioKey(
                "arrivals", "popular", .section("a mapping"), "none",
                "inputs that come again; the report counts what a cache would catch"),
            ScenarioKey(
                "arrivals", "retries", .section("a mapping"), "nobody",
                "clients that come back when they are refused; with one model"),
            ScenarioKey(
                "retries", "attempts", .integer(1...100), "5",
                "how often they try, the first time included"),
            ScenarioKey(
                "retries", "obedient_share", .share, "1",
                "part of them that come back when they are told, if they are; the others come soon"),
            ScenarioKey(
                "retries", "pause_ms", .positive, "50", "mean pause of the others"),
            ScenarioKey(
                "arrivals", "tenants", .section("a list of mappings"), "none",
                "who sends the requests"),
            ScenarioKey(
                "micro_bursts", "size", .integer(1...1_000_000), "required", "requests in a clump"),
            ScenarioKey(
                "micro_bursts", "every_ms", .positive, "required", "mean gap between clumps"),
            ScenarioKey(
                "popular", "share", .share, "required", "part of the requests with such an input"),
            ScenarioKey(
                "popular", "inputs", .integer(1...100_000_000), "required",
                "how many there are; the k-th comes 1/k as often as the first"),
            ScenarioKey(
                "tenants[]", "tenant", .integer(1...Int(UInt32.max)), "required", "its number"),
            ScenarioKey(
                "tenants[]", "share", .positive, "1", "its part; parts need not sum to one"),
            ScenarioKey(
                "tenants[]", "weight", .positive, "1",
                "its claim on device time, beside the others'"),
            ScenarioKey(
                "log_normal", "median", .positive, "required", "half of the sizes are below it"),
            ScenarioKey(
                "log_normal", "sigma", .number(0...10, over: false), "required",
                "deviation of the logarithm"),
            ScenarioKey(
                "log_normal", "min", .integer(0...10_000_000), "1", "smaller ones become this"),
            ScenarioKey(
                "log_normal", "max", .integer(1...10_000_000), "1000000", "larger ones become this"),
            ScenarioKey(
                "arrivals poisson", "rate_rps", rate, "required",
                "independent requests, at this rate"),
            ScenarioKey("arrivals even", "rate_rps", rate, "required", "equal gaps, at this rate"),
        ] + changing + recorded

    private static let changing = [
        ScenarioKey(
            "arrivals mmpp", "rates_rps", .numbers(0...1e9, over: false), "required",
            "Poisson at each of these rates in turn, then from the first again"),
        ScenarioKey(
            "arrivals mmpp", "dwell_ms", .numbers(0...1e7, over: true), "required",
            "mean stay at each rate, exponentially distributed; one for all, or one for each"),
        ScenarioKey("arrivals diurnal", "rate_rps", rate, "required", "mean rate"),
        ScenarioKey(
            "arrivals diurnal", "amplitude", .share, "0.5",
            "Poisson at `rate × (1 + amplitude × sin(2πt / period))`"),
        ScenarioKey("arrivals diurnal", "period_s", .positive, "10", "length of such a day"),
        ScenarioKey("arrivals pareto", "rate_rps", rate, "required", "mean rate of requests"),
        ScenarioKey(
            "arrivals pareto", "alpha", .number(1...100, over: true), "1.5",
            "clumps of Pareto size with this index come at Poisson moments; the tail is longer when it "
                + "is near 1"),
        ScenarioKey(
            "arrivals pareto", "max_clump", .integer(1...1_000_000), "1000", "larger ones are cut"),
        ScenarioKey(
            "arrivals step", "levels_rps", .numbers(0...1e9, over: false), "required",
            "Poisson at each of these rates, one after the other"),
        ScenarioKey(
            "arrivals step", "at_s", .numbers(0...1e6, over: false), "required",
            "when each begins; the first at 0"),
        ScenarioKey(
            "arrivals ramp", "points", .section("a list of [second, rps], at least one"), "–",
            "Poisson at a rate that is linear between these points and constant after the last"),
        ScenarioKey(
            "arrivals ramp", "from_rps", anyRate, "–", "instead of `points`: the rate at the start"),
        ScenarioKey("arrivals ramp", "to_rps", anyRate, "–", "and at the end"),
        ScenarioKey(
            "arrivals ramp", "over_s", .positive, "`duration_s`", "and how long that takes"),
    ]

    private static let recorded = [
        ScenarioKey(
            "arrivals trace", "file", .text, "required",
            "recorded traffic, relative to the scenario file"),
        ScenarioKey("arrivals trace", "format", .text, "by the file's head", "how it is written"),
        ScenarioKey(
            "arrivals trace", "speed", .positive, "1", "how much faster than recorded it is played"),
        ScenarioKey(
            "arrivals trace", "repeat", .truth, "false",
            "whether it starts again at its end until the duration is over"),
        ScenarioKey(
            "arrivals trace", "block_tokens", .integer(1...65_536), "512",
            "tokens that each recorded block of a prompt stands for"),
    ]
}
