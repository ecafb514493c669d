internal import ServingModel

/// Tells how far a load has been read, about once for each percent of its time.
struct ReportingLoad<Load: IteratorProtocol>: Sequence, IteratorProtocol {
    private var load: Load
    private let end: Instant
    private let step: Interval
    private var mark: Instant
    private let progress: (Double) -> Void
    private let time: (Load.Element) -> Instant

    /// - Parameter time: When an element of the load happens.
    init(
        _ load: Load, until end: Instant, time: @escaping (Load.Element) -> Instant,
        _ progress: @escaping (Double) -> Void
    ) {
        self.load = load
        self.end = end
        self.progress = progress
        self.time = time
        step = Swift.max(Instant.origin.interval(to: end) / 100, Interval(nanoseconds: 1))
        mark = .origin + step
    }

    mutating func next() -> Load.Element? {
        guard let stimulus = load.next() else { return nil }
        let at = time(stimulus)
        if at >= mark {
            progress(
                Swift.min(Double(at.nanoseconds) / Double(Swift.max(end.nanoseconds, 1)), 1))
            while mark <= at { mark = mark + step }
        }
        return stimulus
    }
}
