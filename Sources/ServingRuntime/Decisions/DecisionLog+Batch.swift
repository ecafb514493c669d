internal import ServingModel

extension DecisionLog {
    /// Notes the requests of a batch that has ended.
    func append(_ batch: Batch, _ outcome: BatchRunner.Outcome, ended: Instant) {
        let work = DecisionRecord.Work.batch(
            BatchRide(
                batch: batch.id, instance: batch.instance, rule: batch.rule, rows: batch.rows,
                requests: batch.requests.count, leftBehind: batch.leftBehind,
                launched: batch.launched, predicted: batch.predicted, assembly: outcome.assembly,
                compute: outcome.compute))
        append(outcome.completions) { completion in
            var end = DecisionRecord.Outcome.failed
            if case .success = completion.result {
                end = ended <= completion.request.deadline ? .inTime : .late
            }
            let arrival = completion.request.arrival
            return DecisionRecord(
                completion.request, end, ended: ended, work: work,
                loading: arrival < batch.modelReady
                    ? arrival.interval(to: batch.modelReady) : nil)
        }
    }

    /// Notes requests that ended without running.
    func append(_ endings: [Funnel.Ending]) {
        append(endings) { ending in
            DecisionRecord(
                ending.request, ending.reason.map { .rejected($0) } ?? .cancelled,
                ended: ending.ended, work: .none,
                loading: ending.isModelAbsent
                    ? ending.request.arrival.interval(to: ending.ended) : nil)
        }
    }
}

extension DecisionRecord {
    fileprivate init(
        _ request: InferenceRequest, _ outcome: Outcome, ended: Instant, work: Work,
        loading: Interval?
    ) {
        self.init(
            label: request.label, priorityClass: request.priorityClass, outcome: outcome,
            ahead: request.ahead, size: request.rows, arrival: request.arrival,
            deadline: request.deadline, ended: ended, work: work, loading: loading)
    }
}

extension DecisionLog {
    /// Notes a generation that has ended.
    func append(_ generation: Generation, _ reason: GenerationEnd.Reason, at now: Instant) {
        append(CollectionOfOne(generation)) { generation in
            let request = generation.request
            let progress = generation.progress
            return DecisionRecord(
                label: request.label, priorityClass: request.priorityClass,
                outcome: .init(generation, reason, at: now), ahead: progress.ahead,
                size: generation.promptTokens, arrival: progress.arrival,
                deadline: request.firstTokenDeadline, ended: now,
                work: .generation(GenerationRide(progress, request, isCutOff: reason == .length)))
        }
    }
}

extension DecisionRecord.Outcome {
    fileprivate init(
        _ generation: Generation, _ reason: GenerationEnd.Reason, at now: Instant
    ) {
        switch reason {
        case .failed(let error) where error.code == .cancelled: self = .cancelled
        case .failed:
            self = generation.progress.rejection.map { .rejected($0) } ?? .failed
        case .stop, .length: self = generation.isInTime(at: now) ? .inTime : .late
        }
    }
}

extension GenerationRide {
    fileprivate init(
        _ progress: Generation.Progress, _ request: GenerationRequest, isCutOff: Bool
    ) {
        self.init(
            started: progress.started, firstToken: progress.firstToken,
            cachedTokens: progress.cachedTokens, generatedTokens: progress.generatedTokens,
            steps: progress.steps, companions: progress.companions,
            preemptions: progress.preemptions, perToken: request.perToken,
            predictedStep: progress.predictedStep, isCutOff: isCutOff)
    }
}
