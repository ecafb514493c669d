package import SchedulerCore
internal import ServingModel

extension Scenario {
    /// How the models of the scenario that could be gangs would best be placed on its devices, by arithmetic
    /// alone: the name of the model, and the advice. The promise is the tightest deadline, the load the
    /// mean rate. Models of which nobody said what a gang's communication costs are left out: without
    /// that, a gang would always look better.
    package var placementAdvice: [(name: String, advice: PlacementAdvice)] {
        models.filter { $0.gang > 1 && $0.communicationMilliseconds > 0 }
            .map { ($0.name, PlacementAdvice(question($0))) }
    }

    private func question(_ model: ScenarioModel) -> PlacementQuestion {
        let rate = model.arrivals.meanRatePerSecond(over: durationSeconds) / 1_000
        let promise = model.classes.map(\.deadlineMilliseconds).min() ?? 1_000
        var question = PlacementQuestion(
            base: model.devices.baseMilliseconds, perRow: model.devices.perItemMilliseconds,
            devices: max(devices.count, 1), load: .rate(rate),
            promise: Interval(milliseconds: promise))
        question.noise = model.devices.noise
        question.maxBatchRows = limits.maxBatch
        // The file says what one member holds; the whole model is that many times as much.
        question.memory = MemoryModel(
            resident: Int(model.residentMB * 1_048_576) * model.gang,
            perRow: Int(model.perItemMB * 1_048_576))
        question.deviceMemory = Int(devices.memoryMB * 1_048_576)
        // The file says what a batch of this gang pays: one ring of 2 (g - 1) steps.
        question.communication = CommunicationCost(
            reductions: 1,
            stepLatency: model.communicationMilliseconds / Double(2 * (model.gang - 1)))
        return question
    }
}
