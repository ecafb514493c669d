internal import Simulator

extension ScenarioReference {
    private static let rate = ScenarioKey.Kind.number(0...1e9, over: true)
    private static let seconds = ScenarioKey.Kind.number(0...1e6, over: false)
    private static let milliseconds = ScenarioKey.Kind.number(0...1e7, over: false)
    private static let megabytes = ScenarioKey.Kind.number(0...1e9, over: false)

    /// Keys of everything but arrivals and policies.
    static let scenario: [ScenarioKey] =
        top + devices + classes + models + faults + memory + limits + comparisons

    private static let top = [
        ScenarioKey("", "name", .text, "required", "what reports call the scenario"),
        ScenarioKey("", "about", .text, "none", "a sentence for the reader of a report"),
        ScenarioKey(
            "", "seed", .integer(0...Int.max), "1",
            "the first seed; everything that is random follows from it"),
        ScenarioKey(
            "", "seeds", .integer(1...1_000), "1", "how many seeds are run: seed, seed + 1, …"),
        ScenarioKey(
            "", "duration_s", .number(0...1e6, over: true), "25",
            "virtual seconds during which requests come, the warm-up included"),
        ScenarioKey(
            "", "requests", .integer(1...1_000_000_000), "no limit", "most requests that come"),
        ScenarioKey(
            "", "warmup_s", seconds, "3",
            "virtual seconds whose requests are served but not counted"),
        ScenarioKey("", "devices", .section("a mapping"), "one device", "what a batch costs"),
        ScenarioKey(
            "", "classes", .section("a list of mappings"),
            "one class, 80 ms; three with `generation`",
            "classes of requests, most important first"),
        ScenarioKey(
            "", "arrivals", .section("a mapping"), "required without `models`",
            "when requests come, and what they are like"),
        ScenarioKey(
            "", "generation", .section("a mapping"), "batches",
            "text generation instead of batches, step by step on one device"),
        ScenarioKey(
            "", "models", .section("a list of mappings"), "one model",
            "models that share the devices; each has traffic of its own"),
        ScenarioKey(
            "", "policies", .section("a list of names or mappings"), "[swb]",
            "the policies to compare; all meet the same arrivals and the same noise"),
        ScenarioKey("", "limits", .section("a mapping"), "none reached", "limits of the server"),
        ScenarioKey(
            "", "faults", .section("a mapping"), "none", "clients that give up, devices that go"),
        ScenarioKey(
            "", "memory", .section("a mapping"), "no limit", "memory of the server's process"),
        ScenarioKey(
            "", "sweep", .numbers(0...1e9, over: true), "none",
            "rates in requests per second that are run too, for a curve of throughput against latency"
        ),
        ScenarioKey(
            "", "search", .section("a mapping"), "none",
            "looks for the highest rate at which a figure keeps a limit"),
        ScenarioKey(
            "", "optimum", .truth, "false",
            "compares with a schedule that knows the future; for short runs with one class and one "
                + "device without noise"),
        ScenarioKey(
            "", "targets", .section("a list of mappings"), "none",
            "what must come out; the command's exit code tells whether it did"),
        ScenarioKey(
            "", "references", .section("a list of mappings"), "none",
            "figures of others, shown beside ours"),
    ]

    private static let devices = [
        ScenarioKey(
            "devices", "count", .integer(1...4_096), "1",
            "how many; within `models`: instances of the model, each on a device of its own"),
        ScenarioKey(
            "devices", "base_ms", milliseconds, "1.39; 6 with `generation`",
            "milliseconds of a batch without items; of text generation, of a step"),
        ScenarioKey(
            "devices", "per_item_ms", .number(0...1e7, over: true),
            "0.0793; 0.02 with `generation`",
            "milliseconds that each item adds, or each token of a step"),
        ScenarioKey(
            "devices", "noise", .number(0...2, over: false), "0",
            "deviation of the logarithm of a batch's duration"),
        ScenarioKey("devices", "stall_probability", .share, "0", "part of the batches that stall"),
        ScenarioKey(
            "devices", "stall_ms", .span(0...1e7), "[20, 60]", "shortest and longest stall"),
        ScenarioKey(
            "devices", "failure_probability", .share, "0",
            "part of the batches that fail after running"),
        ScenarioKey(
            "devices", "tile", .integer(1...65_536), "1",
            "items that the device rounds a batch up to"),
        ScenarioKey("devices", "memory_mb", megabytes, "16384", "memory of each device"),
        ScenarioKey(
            "devices", "variants", .section("a list of mappings"), "none",
            "cheaper models that may compute a batch instead, cheapest last"),
        ScenarioKey(
            "devices", "reference_length", .integer(0...10_000_000), "0",
            "padded length that `per_item_ms` was measured at; 0 when length does not matter"),
        ScenarioKey("variants[]", "name", .text, "required", "its name"),
        ScenarioKey(
            "variants[]", "time_factor", .number(0...1, over: true), "required",
            "its duration as a part of the full model's"),
    ]

    private static let classes = [
        ScenarioKey("classes[]", "name", .text, "required", "its name; every class has its own"),
        ScenarioKey(
            "classes[]", "share", .number(0...1e9, over: true), "1",
            "its part of the traffic; parts need not sum to one"),
        ScenarioKey(
            "classes[]", "weight", .integer(1...1_000_000), "1", "relative value of a request"),
        ScenarioKey(
            "classes[]", "deadline_ms", .number(0...1e7, over: true),
            "required without `generation`", "from arrival to answer"),
        ScenarioKey(
            "classes[]", "ttft_ms", .number(0...1e7, over: true), "required with `generation`",
            "from arrival to the first token"),
        ScenarioKey(
            "classes[]", "tpot_ms", .number(0...1e7, over: true), "required with `generation`",
            "for each further token, on average over an answer"),
        ScenarioKey(
            "classes[]", "floor_share", .number(0...0.5, over: false), "0, then 0.1, then 0.05",
            "part of the largest useful batch that waiting work of this class keeps"),
        ScenarioKey(
            "classes[]", "modality", .integer(0...255), "0", "row of the table of modalities"),
    ]

    private static let models = [
        ScenarioKey("models[]", "name", .text, "required", "its name"),
        ScenarioKey(
            "models[]", "devices", .section("a mapping"), "as above", "what its batches cost"),
        ScenarioKey(
            "models[]", "classes", .section("a list of mappings"), "those of the file",
            "its classes"),
        ScenarioKey("models[]", "arrivals", .section("a mapping"), "required", "its traffic"),
        ScenarioKey(
            "models[]", "resident_mb", megabytes, "0", "memory of its weights while loaded"),
        ScenarioKey(
            "models[]", "per_item_mb", megabytes, "0", "memory of each item of a batch that runs"),
        ScenarioKey("models[]", "reload_ms", milliseconds, "0", "time to load it again"),
        ScenarioKey(
            "models[]", "flops_per_byte", .number(0...1e9, over: true), "1",
            "arithmetic per byte moved; orders admissible work when memory is short"),
        ScenarioKey(
            "models[]", "gang", .integer(1...4_096), "1", "devices that one batch occupies together"
        ),
        ScenarioKey(
            "models[]", "communication_ms", milliseconds, "0", "what a gang's batch takes longer"),
    ]

    private static let faults = [
        ScenarioKey(
            "faults", "cancel_share", .share, "0", "part of the requests whose client gives up"),
        ScenarioKey(
            "faults", "cancel_after_ms", .number(0...1e7, over: true), "20",
            "mean time after which it does"),
        ScenarioKey(
            "faults", "outages", .section("a list of mappings"), "none",
            "instances that go for a while"),
        ScenarioKey("outages[]", "model", .text, "the only one", "whose instance"),
        ScenarioKey("outages[]", "instance", .integer(0...4_095), "0", "which one, from 0"),
        ScenarioKey("outages[]", "at_s", seconds, "required", "when it goes"),
        ScenarioKey(
            "outages[]", "for_s", .number(0...1e6, over: true), "for ever", "how long it is away"),
        ScenarioKey(
            "faults", "defects", .section("a list of mappings"), "none",
            "instances that do not work for a while, without anybody being told; with one model"),
        ScenarioKey("defects[]", "instance", .integer(0...4_095), "0", "which one, from 0"),
        ScenarioKey(
            "defects[]", "kind", .choice(DeviceFault.Kind.allCases.map(\.rawValue)), "required",
            "batches do not end before the defect does, fail, or take longer"),
        ScenarioKey("defects[]", "at_s", seconds, "required", "when it begins"),
        ScenarioKey(
            "defects[]", "for_s", .number(0...1e6, over: true), "the whole run", "how long it lasts"
        ),
        ScenarioKey(
            "defects[]", "factor", .number(1...1e6, over: false), "10",
            "how much longer batches of a slow one take"),
        ScenarioKey(
            "faults", "squeezes", .section("a list of mappings"), "none",
            "times in which large batches do not fit the devices' memory; with one model"),
        ScenarioKey("squeezes[]", "at_s", seconds, "required", "when it begins"),
        ScenarioKey(
            "squeezes[]", "for_s", .number(0...1e6, over: true), "the whole run",
            "how long it lasts"),
        ScenarioKey(
            "squeezes[]", "rows", .integer(1...1_000_000), "required",
            "most items of a batch that fit"),
    ]

    private static let memory = [
        ScenarioKey(
            "memory", "limit_mb", .number(0...1e9, over: true), "required",
            "what the process may have"),
        ScenarioKey("memory", "resident_mb", megabytes, "0", "what it has without requests"),
        ScenarioKey(
            "memory", "per_request_mb", megabytes, "0",
            "what each request takes that waits or runs"),
        ScenarioKey(
            "memory", "drift_mb_per_s", megabytes, "0",
            "what something else in the process adds each second"),
        ScenarioKey(
            "memory", "restart_s", seconds, "5",
            "from the end of the process until it serves again"),
    ]

    private static let limits = [
        ScenarioKey(
            "limits", "max_batch", .integer(1...1_000_000), "1024", "most items in a batch"),
        ScenarioKey(
            "limits", "max_queued", .integer(1...100_000_000), "1048576", "most requests that wait"),
        ScenarioKey(
            "limits", "guard_ms", milliseconds, "0.5",
            "kept free between the engine's answer and the client"),
    ]

    private static let figures = ScenarioKey.Kind.choice(SimulationReport.figureNames)

    private static let comparisons = [
        ScenarioKey(
            "search", "figure", .choice(RunFigures.allNames), "strict_p99_ms", "what is limited"),
        ScenarioKey("search", "at_most", .positive, "80", "its limit"),
        ScenarioKey("search", "low_rps", rate, "required", "lowest rate tried"),
        ScenarioKey("search", "high_rps", rate, "required", "highest rate tried"),
        ScenarioKey("search", "resolution_rps", rate, "25", "when the search ends"),
        ScenarioKey("targets[]", "policy", .text, "the only one", "a policy of this file, by name"),
        ScenarioKey(
            "targets[]", "class", .text, "all",
            "a class of this file; `model/class` with several models"),
        ScenarioKey(
            "targets[]", "figure", figures, "required", "a figure of the report, by its name there"),
        ScenarioKey(
            "targets[]", "at_rate_rps", rate, "the run itself", "at this rate of the sweep"),
        ScenarioKey("targets[]", "at_most", .number(-1e12...1e12, over: false), "–", "not greater"),
        ScenarioKey("targets[]", "at_least", .number(-1e12...1e12, over: false), "–", "not less"),
        ScenarioKey(
            "targets[]", "value", .number(-1e12...1e12, over: false), "–",
            "what it has to be, within `within_pct`"),
        ScenarioKey(
            "targets[]", "within_pct", .number(0...100, over: true), "–", "how far it may be off"),
        ScenarioKey(
            "targets[]", "over", .choice(ScenarioTarget.Aggregation.allCases.map(\.rawValue)),
            "every",
            "how several seeds are judged: every one, their median, their mean"),
        ScenarioKey("references[]", "name", .text, "required", "whose figures"),
        ScenarioKey("references[]", "rate_rps", rate, "none", "at which rate"),
        ScenarioKey("references[]", "mean_ms", .positive, "none", "mean latency"),
        ScenarioKey(
            "references[]", "p99_ms", .positive, "required", "99 % quantile of the latency"),
        ScenarioKey(
            "references[]", "error_pct", .number(0...100, over: false), "none",
            "rejected, failed or late"),
    ]
}
