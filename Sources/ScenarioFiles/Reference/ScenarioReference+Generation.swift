internal import SchedulerCore
internal import Simulator

extension ScenarioReference {
    /// Keys of text generation, its policies and their settings.
    static let generation: [ScenarioKey] = plan + companions + generationPolicies

    /// Keys of the file that say nothing about text generation, by section.
    static let batchesOnly: [String: [String]] = [
        "": ["models", "optimum"],
        "devices": ["count", "tile", "memory_mb", "variants", "reference_length"],
        "classes[]": ["deadline_ms", "floor_share", "modality"],
        "arrivals": ["rows", "together", "popular"],
        "limits": ["max_batch", "guard_ms"],
    ]

    private static let plan = [
        ScenarioKey(
            "generation", "per_kv_ktoken_ms", .number(0...1e6, over: false), "0.04",
            "milliseconds that each thousand tokens of context add to a step"),
        ScenarioKey(
            "generation", "kv_tokens", .integer(1...1_000_000_000), "300000",
            "tokens whose keys and values fit the device, running and cached together"),
        ScenarioKey(
            "generation", "slots", .integer(1...4_096), "256",
            "requests that can run at the same time"),
        ScenarioKey(
            "generation", "cache_slots", .integer(0...4_096), "1024",
            "prefixes that can be kept for further requests"),
        ScenarioKey(
            "generation", "block_tokens", .integer(1...65_536), "16",
            "tokens of a block, in which equal prefixes are recognised"),
        ScenarioKey(
            "generation", "max_context", .integer(1...10_000_000), "16384",
            "most tokens of a prompt and its answer together; longer ones are refused"),
        ScenarioKey(
            "generation", "prediction_error", .number(0...10, over: false), "no prediction",
            "deviation of the logarithm of predicted over true lengths of answers"),
        ScenarioKey(
            "generation", "beside", .section("a list of mappings"), "none",
            "models that batch on the same device, between the steps"),
        ScenarioKey(
            "prefixes", "count", .integer(1...1_000_000), "required",
            "how many there are; each is as likely as any other"),
        ScenarioKey(
            "prefixes", "share", .share, "required",
            "part of the requests whose prompt begins with one of them"),
        ScenarioKey(
            "prefixes", "tokens", .section(sizes), "required",
            "tokens of a prefix; a prompt that is shorter is a part of it"),
    ]

    private static let companions = [
        ScenarioKey("beside[]", "name", .text, "required", "its name"),
        ScenarioKey(
            "beside[]", "devices", .section("a mapping"), "1.39 and 0.0793 ms",
            "what its batches cost; there is one device"),
        ScenarioKey(
            "beside[]", "classes", .section("a list of mappings"), "one class, 80 ms",
            "its classes, with `deadline_ms`"),
        ScenarioKey("beside[]", "arrivals", .section("a mapping"), "required", "its traffic"),
        ScenarioKey(
            "beside[]", "max_batch", .integer(1...1_000_000), "1024", "most items in one batch"),
    ]

    private static let generationPolicies: [ScenarioKey] =
        [
            ScenarioKey(
                "policies[] generation", "name", .text, "the policy's",
                "what reports call it; every entry has its own")
        ]
        + GenerationPolicy.names.map {
            ScenarioKey(
                "policies[] generation", $0, .section("a mapping"), "–",
                "the policy, with its settings")
        }
        + [
            ScenarioKey(
                "settings generation", "prefix_cache", .truth, "true",
                "whether prefixes are kept for further requests"),
            ScenarioKey(
                "settings generation", "swap_ms_per_ktoken", .number(0...1e6, over: false),
                "no swapping",
                "milliseconds to move a thousand tokens to the host's memory or back; without it, who is "
                    + "pre-empted is computed anew"),
            ScenarioKey(
                "settings generation", "sharing",
                .choice(DeviceTurns.Rule.allCases.map(\.rawValue)), "claims",
                "whose turn the device is beside other models: by what each asks, one after the other, "
                    + "or one of them always first"),
            ScenarioKey(
                "sarathi generation", "chunk", .integer(1...65_536), "512",
                "most tokens of a step"),
            ScenarioKey(
                "static generation", "size", .integer(1...4_096), "32", "requests of every batch"),
        ]
}
