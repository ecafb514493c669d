internal import ServingModel

extension CompletedRun {
    /// Computes the figures of text generation whose counted requests came within `seconds`.
    mutating func fill(
        from outcome: GenerationOutcome, _ classes: [ScenarioClass], keyValueTokens: Int,
        seconds: Double
    ) {
        let total = outcome.total
        latencies = total.ends.latencies
        firstTokens = total.firstToken
        gaps = total.gaps
        figures = RunFigures(total.ends, seconds: seconds)
        let steps = max(outcome.steps.count, 1)
        figures.meanBatch = Double(outcome.fedTokens) / Double(steps)
        figures.generation = GenerationFigures(
            outcome, weights: classes.map(\.weight), keyValueTokens: keyValueTokens,
            seconds: seconds)
        self.classes = zip(classes, outcome.classes).map { entry, result in
            var report = ClassReport(entry.name, result.ends, seconds: seconds)
            report.firstTokenP99Milliseconds = result.firstToken.milliseconds(quantile: 0.99)
            report.perTokenP99Milliseconds = result.perToken.milliseconds(quantile: 0.99)
            return report
        }
    }
}

extension GenerationFigures {
    init(
        _ outcome: GenerationOutcome, weights: [Int], keyValueTokens: Int, seconds: Double
    ) {
        self.init()
        let total = outcome.total
        firstToken = LatencyFigures(total.firstToken)
        perToken = LatencyFigures(total.perToken)
        gap = LatencyFigures(total.gaps)
        let arrived = total.ends.arrived
        func percent(_ part: Int, of whole: Int) -> Double {
            whole == 0 ? 0 : Double(part) / Double(whole) * 100
        }
        let value = zip(outcome.classes, weights).reduce(into: (kept: 0, all: 0)) { sum, entry in
            sum.kept += entry.0.ends.inTime * entry.1
            sum.all += entry.0.ends.arrived * entry.1
        }
        weightedInTimePercent = percent(value.kept, of: value.all)
        generatedPerSecond = Double(outcome.generatedTokens) / max(seconds, 1e-9)
        firstTokenMissedPercent = percent(total.firstTokenMissed, of: arrived)
        perTokenMissedPercent = percent(total.perTokenMissed, of: arrived)
        preemptions = Double(outcome.preemptions)
        prefixHitPercent = percent(outcome.cachedTokens, of: outcome.promptTokens)
        peakKeyValuePercent = percent(outcome.peakKeyValueTokens, of: keyValueTokens)
        meanStepMilliseconds = outcome.steps.meanMilliseconds
        rejectedByReason = RejectReason.allCases.compactMap { reason in
            let count = total.ends.rejected(reason)
            guard count > 0 else { return nil }
            return RejectedShare(reason: reason.rawValue, percent: percent(count, of: arrived))
        }
    }
}
