internal import ServingModel

/// `static`: full batches of one fixed size, in order of arrival.
///
/// Source: the "static large batch" row of the project's brief, and every server whose only knob is a
/// batch size. An instance waits until a batch is full, whatever becomes of the requests meanwhile.
/// Ours differs in one point: after ``StaticSettings/maxWait`` a partly filled batch leaves, so that
/// the last requests of a run end.
struct StaticPolicy: BaselinePolicy {
    let order = QueueOrder.arrival
    private let rows: Int
    private let maxWait: Interval

    init(_ settings: StaticSettings, _ configuration: SchedulerConfiguration) {
        rows = configuration.maxRows(settings.batch)
        maxWait = settings.maxWait
    }

    func decide(
        _ scheduler: borrowing Scheduler, bucket: Int, hasIdle: Bool, at now: Instant
    ) -> BaselineDecision {
        if scheduler.waitingRows(bucket) >= rows { return .launch(rows: rows) }
        let latest = scheduler.oldestArrival(bucket) + maxWait
        return latest <= now ? .launch(rows: rows) : .wait(until: latest)
    }
}
