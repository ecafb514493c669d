internal import ControlCore
package import EngineAPI
internal import SchedulerCore
internal import ServingModel

extension GeneratorSpecification {
    /// The engine's part.
    var session: SessionConfiguration {
        SessionConfiguration(
            slots: slots + cacheSlots, keyValueTokens: keyValueTokens,
            maxStepTokens: maxStepTokens, threads: threads, isExact: isExact)
    }

    /// The scheduler's part.
    func scheduling(
        _ info: GenerativeModelInfo, cost: StepCostModel
    ) -> GenerationConfiguration {
        var configuration = GenerationConfiguration(
            classes: classes, slots: slots, cacheSlots: cacheSlots,
            keyValueTokens: keyValueTokens,
            maxContext: min(maxContext, info.contextLength, keyValueTokens), cost: cost)
        configuration.policy = policy
        configuration.maxStepTokens = maxStepTokens
        configuration.maxQueuedRequests = maxQueuedRequests
        configuration.maxQueuedTokens = maxQueuedTokens
        configuration.swap = swap
        configuration.isArbitrated = device != nil
        return configuration
    }
}

extension ServedGenerator {
    /// Makes and warms up the session on a thread of its own, and opens the model for requests.
    ///
    /// - Throws: ``EngineError`` when the session cannot be made, or not with these sizes.
    package static func start(
        _ specification: GeneratorSpecification, model: any GenerativeModel,
        clock: any RuntimeClock = MonotonicClock(), timer: any WakeupTimer,
        residentBefore: UInt64 = ProcessUsage.residentBytes
    ) async throws -> ServedGenerator {
        let plain = StepCostModel(warmUp: [])
        if let problem = specification.scheduling(model.info, cost: plain).problem {
            throw EngineError(.invalidModel, problem.description)
        }
        let crew = GeneratorCrew(InstanceWorker(id: InstanceID(0)), model)
        let (runs, copy) = try await launch(crew, specification, clock: clock)
        let resident = ProcessUsage.residentBytes
        var specification = specification
        if specification.swap == nil { specification.swap = copy }
        return ServedGenerator(
            specification, model: model, crew: crew, cost: StepCostModel(warmUp: runs),
            measuredBytes: resident > residentBefore ? resident - residentBefore : 0,
            clock: clock, timer: timer)
    }

    /// Starts the session's thread and returns what its warm-up measured.
    private static func launch(
        _ crew: GeneratorCrew, _ specification: GeneratorSpecification, clock: any RuntimeClock
    ) async throws -> (steps: [StepWarmUp.Run], copy: SwapCost?) {
        try await withCheckedThrowingContinuation { continuation in
            PlatformThread.start(name: "hw-\(specification.name)") {
                defer { crew.end() }
                PlatformThread.markAsComputing()
                let model = crew.takeSource()
                var runner: StepRunner
                do {
                    let session = try model.makeSession(specification.session)
                    let warmUp = StepWarmUp(
                        clock: clock, slots: specification.slots,
                        maxTokens: min(
                            specification.maxContext, specification.keyValueTokens,
                            model.info.contextLength),
                        maxStepTokens: specification.maxStepTokens)
                    let runs = try warmUp.run(on: session)
                    let copy = try warmUp.copyCost(on: session, bytes: specification.swapBytes)
                    runner = StepRunner(model, specification.session, session: session)
                    continuation.resume(returning: (runs, copy))
                } catch {
                    continuation.resume(throwing: error)
                    return
                }
                guard let served = crew.awaitServer() else { return }
                while served.serve(&runner) {}
            }
        }
    }
}
