package import ServingModel

/// Whether those instances were taken out that were sick, and how soon.
package struct BreakerOutcome: Sendable, Equatable {
    /// How a defect was noticed.
    package struct Detection: Sendable, Equatable {
        /// From its beginning until its instance was out.
        package var after: Interval
        /// Batches that the sick instance had until then.
        package var batches: Int
    }

    /// One for each defect; `nil` while it has not been noticed.
    package private(set) var detections: [Detection?]
    /// Times that an instance was taken out.
    package private(set) var isolations = 0
    /// Of these, times that nothing was wrong with it.
    package private(set) var falseIsolations = 0

    /// Nothing noticed of `defects`.
    init(defects: Int) {
        detections = Array(repeating: nil, count: defects)
    }

    /// An instance was taken out: for `defect`, or for nothing.
    mutating func note(_ defect: (index: Int, detection: Detection)?) {
        isolations += 1
        guard let defect else {
            falseIsolations += 1
            return
        }
        if detections[defect.index] == nil { detections[defect.index] = defect.detection }
    }

    /// The figures of the report.
    var figures: BreakerFigures {
        let noticed = detections.compactMap { $0 }
        let count = Double(max(noticed.count, 1))
        var figures = BreakerFigures()
        figures.isolations = Double(isolations)
        figures.falseIsolations = Double(falseIsolations)
        figures.undetectedDefects = Double(detections.count - noticed.count)
        figures.detectionMilliseconds =
            noticed.reduce(0) { $0 + $1.after.milliseconds } / count
        figures.detectionBatches = Double(noticed.reduce(0) { $0 + $1.batches }) / count
        return figures
    }
}
