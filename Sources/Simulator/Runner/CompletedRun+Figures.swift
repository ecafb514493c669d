internal import ServingModel

extension CompletedRun {
    /// Computes the figures of an outcome whose counted requests came within `seconds`.
    mutating func fill(from outcome: Outcome, _ names: [String], seconds: Double) {
        let total = outcome.total
        latencies = total.latencies
        figures = RunFigures(total, seconds: seconds)
        figures.meanBatch = outcome.meanBatch
        if outcome.wishes > 0 {
            figures.servedPercent = Double(total.inTime) / Double(outcome.wishes) * 100
            figures.attempts = Double(total.arrived) / Double(outcome.wishes)
        } else {
            figures.servedPercent = figures.inTimePercent
        }
        figures.healthChanges = Double(outcome.healthChanges.count)
        figures.processEnds = Double(outcome.processEnds)
        figures.breakers = outcome.breakers?.figures
        let launched = outcome.requestsByVariant.reduce(0, +)
        if launched > 0 {
            let cheaper = launched - outcome.requestsByVariant[0]
            figures.cheaperVariantPercent = Double(cheaper) / Double(launched) * 100
        }
        classes = zip(names, outcome.classes).map { name, result in
            ClassReport(name, result, seconds: seconds)
        }
    }
}

extension LatencyFigures {
    init(_ histogram: LatencyHistogram) {
        self.init()
        mean = histogram.meanMilliseconds
        p50 = histogram.milliseconds(quantile: 0.5)
        p90 = histogram.milliseconds(quantile: 0.9)
        p99 = histogram.milliseconds(quantile: 0.99)
        p999 = histogram.milliseconds(quantile: 0.999)
    }
}

extension RunFigures {
    init(_ total: ClassOutcome, seconds: Double) {
        self.init()
        let span = max(seconds, 1e-9)
        offeredPerSecond = Double(total.arrived) / span
        completedPerSecond = Double(total.inTime + total.late) / span
        inTimePerSecond = Double(total.inTime) / span
        latency = LatencyFigures(total.latencies)
        let strict = total.strictLatency(quantile: 0.99)
        strictP99Milliseconds = strict.isFinite ? strict : nil
        inTimePercent = total.inTimeShare * 100
        rejectedPercent = total.rejectedShare * 100
        latePercent = total.lateShare * 100
        failedPercent =
            total.arrived == 0 ? 0 : Double(total.failed) / Double(total.arrived) * 100
        errorPercent = total.errorShare * 100
    }
}

extension ClassReport {
    init(_ name: String, _ result: ClassOutcome, seconds: Double) {
        self.init(name: name)
        let span = max(seconds, 1e-9)
        inTimePercent = result.inTimeShare * 100
        p99Milliseconds = result.latency(quantile: 0.99)
        rejectedPercent = result.rejectedShare * 100
        latePercent = result.lateShare * 100
        offeredPerSecond = Double(result.arrived) / span
        inTimePerSecond = Double(result.inTime) / span
    }
}

extension PolicyReport {
    /// Takes over what the scenario's own run came to.
    mutating func fill(from run: CompletedRun, _ scenario: Scenario) {
        figures = run.figures
        classes = run.classes
        if let recorder = run.series { series = TimeSeries(recorder) }
        controls = run.controls
        latencyCurve = Self.curve(of: run.latencies)
        if run.figures.generation != nil {
            firstTokenCurve = Self.curve(of: run.firstTokens)
            gapCurve = Self.curve(of: run.gaps)
        }
    }

    private static func curve(of histogram: LatencyHistogram) -> [LatencyPoint] {
        quantiles.map {
            LatencyPoint(quantile: $0, milliseconds: histogram.milliseconds(quantile: $0))
        }
    }

    /// Each percent, then each thousandth and each ten-thousandth towards the end.
    private static let quantiles: [Double] =
        (0...98).map { Double($0) / 100 } + (990...998).map { Double($0) / 1_000 }
        + (9_990...10_000).map { Double($0) / 10_000 }
}

extension TimeSeries {
    /// The averages of a recorder.
    init(_ recorder: SeriesRecorder) {
        self.init()
        binSeconds = recorder.bins.width.seconds
        for bin in recorder.values {
            let covered = max(bin.covered, 1e-9)
            queued.append(bin.queued / covered)
            inFlight.append(bin.inFlight / covered)
            batch.append(bin.batches == 0 ? 0 : Double(bin.rows) / Double(bin.batches))
        }
        if recorder.hasVariants {
            cheaperPercent = recorder.values.map {
                $0.rows == 0 ? 0 : Double($0.cheaperRows) / Double($0.rows) * 100
            }
        }
        if recorder.hasMemory {
            memoryMB = recorder.values.map { $0.memory / max($0.covered, 1e-9) / 1_048_576 }
        }
        if recorder.hasKeyValueTokens {
            keyValueTokens = recorder.values.map { $0.keyValueTokens / max($0.covered, 1e-9) }
        }
    }
}
