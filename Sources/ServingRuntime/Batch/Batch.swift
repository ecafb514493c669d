internal import SchedulerCore
internal import ServingModel
internal import Synchronization

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
    /// Which variant of the model computes it; 0 is the full one.
    let variant: Int
    /// Which rule made it as large as it is.
    let rule: LaunchRule
    /// Requests that had to stay behind.
    let leftBehind: Int
    /// When the model was last brought into memory for work that waited; ``Instant/origin`` for never.
    let modelReady: Instant
    /// Who answers the members.
    let answers = AnswerClaim()
}

/// The right to answer the members of one batch. The instance that computes it and the timer that gives
/// it up may come at the same time; the first of them has it.
final class AnswerClaim: Sendable {
    private let isTaken = Atomic(false)

    /// Takes the right; false when somebody else has it.
    func take() -> Bool { !isTaken.exchange(true, ordering: .acquiringAndReleasing) }
}
