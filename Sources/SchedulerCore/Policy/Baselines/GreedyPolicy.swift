internal import ServingModel

/// `greedy`: a free instance takes whatever waits, oldest first.
///
/// The rule that a device with fixed cost per batch asks for as long as it is not overloaded, and the
/// reference for everything more refined: it knows no deadlines, gives nothing up, and so serves nobody
/// in time once the queue is longer than a deadline.
struct GreedyPolicy: BaselinePolicy {
    let order = QueueOrder.arrival
    private let maxRows: Int

    init(_ settings: GreedySettings, _ configuration: SchedulerConfiguration) {
        maxRows = configuration.maxRows(settings.maxBatch)
    }

    func decide(
        _ scheduler: borrowing Scheduler, bucket: Int, hasIdle: Bool, at now: Instant
    ) -> BaselineDecision {
        .launch(rows: maxRows)
    }
}
