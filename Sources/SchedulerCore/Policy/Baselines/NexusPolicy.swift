internal import ControlCore
internal import ServingModel

/// `nexus`: one target batch, requests that cannot ride in it dropped.
///
/// Source: uwsampl/nexus, `src/nexus/backend/model_exec.cpp` (`GetBatchTaskSlidingWindow`, and
/// `GetBatchTask` before it). As coded there: the global scheduler gives each model a target batch; a
/// free device takes requests by deadline until the target is reached and drops each whose deadline
/// lies before the end of a batch of target size; when fewer are left than the target, the target
/// shrinks to what is left. The target of a model that saturates its device is the largest batch that
/// takes half of the time limit: a request waits one batch at most and rides the next.
///
/// Ours differs: the profile is the mean of the configuration's latency model; with several models on
/// one device, Nexus' packing by duty cycle is not followed; there is one time limit, and no classes,
/// as in the source.
struct NexusPolicy: BaselinePolicy {
    let order = QueueOrder.deadline
    private let profile: LatencyModel
    private let target: Int

    init(_ settings: NexusSettings, _ configuration: SchedulerConfiguration) {
        profile = configuration.latency
        let maxRows = configuration.maxRows(settings.maxBatch)
        let limit = (settings.timeLimit ?? configuration.shortestDeadline).milliseconds / 2
        let room = (limit - profile.base) / profile.perRow
        let half = Int(min(max(room, 1), 1e9)) / profile.tile * profile.tile
        target = min(max(settings.batch ?? half, 1), maxRows)
    }

    func decide(
        _ scheduler: borrowing Scheduler, bucket: Int, hasIdle: Bool, at now: Instant
    ) -> BaselineDecision {
        let expected = min(target, scheduler.waitingRows(bucket))
        let finish = now + Interval(milliseconds: profile.profile(rows: expected))
        let isLate = scheduler.firstRequest(bucket).deadline < finish
        return isLate ? .giveUpFirst(queue: 0) : .launch(rows: expected)
    }
}
