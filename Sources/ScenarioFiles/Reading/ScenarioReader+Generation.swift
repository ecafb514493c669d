internal import SchedulerCore
internal import ServerConfiguration
internal import Simulator
internal import Yams

extension ScenarioReader {
    /// Text generation, and what else is different with it: the device, the classes and the policy that hold
    /// when the file says nothing.
    func readGeneration(_ section: Section, _ top: Section, _ scenario: inout Scenario) {
        var plan = GenerationPlan()
        if let time = section.number("per_kv_ktoken_ms") {
            plan.perKeyValueKiloTokenMilliseconds = time
        }
        if let tokens = section.integer("kv_tokens") { plan.keyValueTokens = tokens }
        if let slots = section.integer("slots") { plan.slots = slots }
        if let slots = section.integer("cache_slots") { plan.cacheSlots = slots }
        if let tokens = section.integer("block_tokens") { plan.blockTokens = tokens }
        if let tokens = section.integer("max_context") { plan.maxContext = tokens }
        plan.predictionError = section.number("prediction_error")
        plan.companions = companions(section)
        scenario.generation = plan
        scenario.devices = .ofGeneratedText
        scenario.classes = ScenarioClass.ofGeneratedText
        scenario.policies = [ScenarioPolicy(GenerationRule(.slackAware))]
        reportBatchesOnly(top, scenario)
    }

    /// The models that batch on the same device, in the terms of scenarios without text.
    private func companions(_ section: Section) -> [CompanionModel] {
        let plain = Scenario(name: "")
        var models: [CompanionModel] = []
        for element in section.elements("beside") {
            guard
                let entry = Section(element.node, path: element.path, section: "beside[]", problems)
            else { continue }
            entry.requires("name")
            entry.requires("arrivals")
            var model = CompanionModel(name: entry.text("name") ?? "")
            if let section = entry.section("devices", as: "devices") {
                model.devices = devices(section)
            }
            if let classes = classes(entry, plain) { model.classes = classes }
            if let plan = arrivals(entry, plain) { model.arrivals = plan }
            if let batch = entry.integer("max_batch") { model.maxBatch = batch }
            if !model.name.isEmpty, models.contains(where: { $0.name == model.name }) {
                entry.report(
                    "name",
                    "\(entry.place("name")) is '\(model.name)' like one before it; every model "
                        + "needs a name of its own")
            }
            models.append(model)
        }
        return models
    }

    /// Notes keys that have no meaning where text is generated.
    func reportBatchesOnly(_ section: Section, _ scenario: Scenario) {
        guard scenario.generation != nil else { return }
        let name = String(section.section.prefix { $0 != " " })
        let keys = ScenarioReference.batchesOnly[name] ?? []
        for key in keys where section[key] != nil {
            section.report(
                key,
                "\(section.place(key)) means nothing for text generation; allowed: leave it out")
        }
    }

    /// The deadline of a class, or its two promises about generated text.
    func promises(
        _ entry: Section, _ scenario: Scenario
    ) -> (deadline: Double, perToken: Double) {
        guard scenario.generation != nil else {
            entry.requires("deadline_ms")
            for key in ["ttft_ms", "tpot_ms"] where entry[key] != nil {
                entry.report(
                    key,
                    "\(entry.place(key)) without generation; allowed: add generation to the file")
            }
            return (entry.number("deadline_ms") ?? 80, 0)
        }
        reportBatchesOnly(entry, scenario)
        entry.requires("ttft_ms")
        entry.requires("tpot_ms")
        return (entry.number("ttft_ms") ?? 500, entry.number("tpot_ms") ?? 40)
    }

    /// What arrivals say about generated text.
    func readGenerated(_ section: Section, _ plan: inout ArrivalPlan, _ scenario: Scenario) {
        guard scenario.generation != nil else {
            for key in ["outputs", "prefixes"] where section[key] != nil {
                section.report(
                    key,
                    "\(section.place(key)) without generation; allowed: add generation to the file")
            }
            return
        }
        reportBatchesOnly(section, scenario)
        if case .trace = plan.process {
        } else {
            section.requires("lengths")
            section.requires("outputs")
        }
        if let outputs = size("outputs", section, least: 1) { plan.outputs = outputs }
        guard let prefixes = section.section("prefixes", as: "prefixes") else { return }
        prefixes.requires("count")
        prefixes.requires("share")
        prefixes.requires("tokens")
        if let count = prefixes.integer("count"), let share = prefixes.number("share"),
            let tokens = size("tokens", prefixes, least: 0)
        {
            plan.prefixes = SharedPrefixes(count: count, share: share, tokens: tokens)
        }
    }

    // MARK: Policies

    /// A policy of text generation; a name, a name with settings, or an entry with a name of its own.
    func generationPolicy(_ node: Node, at path: String) -> ScenarioPolicy? {
        if case .text(let name) = RawValue(node) {
            guard let policy = GenerationPolicy(named: name) else {
                reportUnknown(name, node, at: path, among: GenerationPolicy.names)
                return nil
            }
            return ScenarioPolicy(GenerationRule(policy))
        }
        guard
            let entry = Section(node, path: path, section: "policies[] generation", problems),
            let kind = onlyPolicy(of: GenerationPolicy.names, in: entry),
            let policy = GenerationPolicy(named: kind)
        else { return nil }
        var rule = GenerationRule(policy)
        if let node = entry[kind], RawValue(node) != .nothing {
            guard
                let settings = Section(
                    node, path: entry.place(kind), section: "\(kind) generation", problems)
            else { return nil }
            read(settings, into: &rule)
        }
        return ScenarioPolicy(rule, name: entry.text("name"))
    }

    private func read(_ settings: Section, into rule: inout GenerationRule) {
        if let caches = settings.truth("prefix_cache") { rule.cachesPrefixes = caches }
        rule.swapMillisecondsPerKiloToken = settings.number("swap_ms_per_ktoken")
        if let sharing = settings.text("sharing").flatMap(DeviceTurns.Rule.init) {
            rule.sharing = sharing
        }
        switch rule.policy {
        case .sarathi:
            if let chunk = settings.integer("chunk") { rule.policy = .sarathi(chunk: chunk) }
        case .staticBatch:
            if let size = settings.integer("size") { rule.policy = .staticBatch(size: size) }
        default: break
        }
    }
}
