internal import SchedulerCore
internal import ServingModel

/// Requests that ride together, as the scheduler decided.
struct Batch: Sendable {
    /// The scheduler's number for the batch.
    let id: BatchID
    /// Where it runs.
    let instance: InstanceID
    /// Members in boarding order.
    let requests: [InferenceRequest]
    /// Rows of all members.
    let rows: Int
    /// When the scheduler decided.
    let launched: Instant
    /// How long the scheduler expects it to take.
    let predicted: Interval
    /// Which rule made it as large as it is.
    let rule: LaunchRule
    /// Requests that had to stay behind.
    let leftBehind: Int
}
