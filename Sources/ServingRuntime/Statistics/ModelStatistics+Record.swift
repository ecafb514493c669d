internal import ServingModel

extension ModelStatistics {
    /// Counts a finished batch.
    mutating func record(_ batch: Batch, _ outcome: BatchRunner.Outcome, ended: Instant) {
        executions += 1
        inferences += UInt64(batch.rows)
        lastInference = ended
        let instance = batch.instance.rawValue
        busy[instance] = busy[instance] + batch.launched.interval(to: ended)
        let computed = batch.launched + outcome.assembly + outcome.compute
        let output = computed.interval(to: ended)
        batches[batch.rows, default: BatchSize()].input.add(outcome.assembly)
        batches[batch.rows, default: BatchSize()].infer.add(outcome.compute)
        batches[batch.rows, default: BatchSize()].output.add(output)
        for completion in outcome.completions {
            let request = completion.request
            let latency = request.arrival.interval(to: ended)
            let waited = request.arrival.interval(to: batch.launched)
            guard case .success = completion.result else {
                failure.add(latency)
                continue
            }
            success.add(latency)
            if !variants.isEmpty { variants[batch.variant] += 1 }
            queue.add(waited)
            computeInput.add(outcome.assembly)
            computeInfer.add(outcome.compute)
            computeOutput.add(output)
            let index = min(request.priorityClass.rawValue, classes.count - 1)
            classes[index].latency.record(latency)
            classes[index].queue.record(waited)
            if ended <= request.deadline {
                classes[index].inTime += 1
            } else {
                classes[index].late += 1
            }
        }
    }

    /// Counts requests that were turned away before they came in.
    mutating func recordTurnedAway(_ priorityClass: ClassIndex, _ count: Int) {
        rejected += UInt64(count)
        let index = min(priorityClass.rawValue, classes.count - 1)
        classes[index].rejected[.deadlineUnreachable, default: 0] += UInt64(count)
    }

    /// Counts a request that ended without running.
    mutating func record(_ ending: Funnel.Ending) {
        guard let reason = ending.reason else {
            cancelled += 1
            return
        }
        rejected += 1
        let index = min(ending.request.priorityClass.rawValue, classes.count - 1)
        classes[index].rejected[reason, default: 0] += 1
    }
}
