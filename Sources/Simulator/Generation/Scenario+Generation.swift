internal import SchedulerCore

extension Scenario {
    /// Refuses what text generation cannot run.
    func validateGeneration() throws(ScenarioProblem) {
        let texts = policies.count { $0.generation != nil }
        guard let generation else {
            return try need(texts == 0, "policies", "a policy of text generation for batches")
        }
        try need(texts == policies.count, "policies", "a policy of batches for text generation")
        try need(devices.count == 1, "devices.count", "text is generated on one device")
        try need(models.isEmpty, "models", "no models beside text generation")
        try need(!comparesWithOptimum, "optimum", "the optimum of text generation is not known")
        for entry in classes {
            try need(
                entry.perTokenMilliseconds > 0, "classes.\(entry.name).tpot_ms", "not above 0")
        }
        try generation.validate("generation")
        if let prefixes = arrivals.prefixes {
            try need(prefixes.count >= 1, "arrivals.prefixes.count", "at least one prefix")
            try need(
                prefixes.share >= 0 && prefixes.share <= 1, "arrivals.prefixes.share",
                "\(prefixes.share) not in [0, 1]")
        }
    }
}

extension GenerationPlan {
    fileprivate func validate(_ key: String) throws(ScenarioProblem) {
        try need(
            perKeyValueKiloTokenMilliseconds >= 0, "\(key).per_kv_ktoken_ms",
            "\(perKeyValueKiloTokenMilliseconds) is below 0")
        try need(keyValueTokens >= 1, "\(key).kv_tokens", "room for at least one token")
        try need(slots >= 1, "\(key).slots", "at least one slot")
        try need(cacheSlots >= 0, "\(key).cache_slots", "\(cacheSlots) is below 0")
        try need(blockTokens >= 1, "\(key).block_tokens", "a block has at least one token")
        try need(maxContext >= 1, "\(key).max_context", "at least one token")
        for model in companions {
            let own = "\(key).beside.\(model.name)"
            try model.devices.validate("\(own).devices")
            try Scenario.validate(model.classes, "\(own).classes")
            try model.arrivals.validate("\(own).arrivals")
            try need(model.maxBatch >= 1, "\(own).max_batch", "a batch holds at least one row")
        }
        if let predictionError {
            try need(predictionError >= 0, "\(key).prediction_error", "\(predictionError) below 0")
        }
    }
}

extension Scenario {
    /// A scenario in which recorded requests are answered with text, on the device and with the classes of
    /// the scheduling notes; `nil` when the recording does not tell how long answers were.
    package static func generating(_ process: ArrivalPlan.Process, name: String) -> Scenario? {
        guard case .trace(let trace) = process,
            let longest = trace.records.map({ $0.length + ($0.outputTokens ?? 0) }).max(),
            trace.records.allSatisfy({ $0.outputTokens != nil })
        else { return nil }
        var scenario = Scenario(name: name)
        var plan = GenerationPlan()
        // Whoever recorded them could serve them all.
        plan.maxContext = max(
            plan.maxContext, longest + ArrivalPlan(process).longestOutput)
        plan.keyValueTokens = max(plan.keyValueTokens, plan.maxContext)
        scenario.generation = plan
        scenario.devices = .ofGeneratedText
        scenario.classes = ScenarioClass.ofGeneratedText
        scenario.policies = [ScenarioPolicy(GenerationRule(.slackAware))]
        scenario.arrivals = ArrivalPlan(process)
        return scenario
    }
}
