internal import ServingModel

extension ConfigurationValidator {
    /// Most priority levels. The protocol allows any number; each costs a queue.
    private static var priorityLevelLimit: UInt64 { 1024 }

    mutating func validateDynamicBatching() -> DynamicBatching? {
        guard case .dynamicBatching(let batching) = message.schedulingChoice else { return nil }
        let path = FieldPath.field("dynamic_batching")
        checkPreferredSizes(batching, path)
        checkPriorityLevels(batching, path)
        let defaultPolicy = validateQueuePolicy(
            batching.defaultQueuePolicy, path.field("default_queue_policy"))
        var levelPolicies: [Int: QueuePolicy] = [:]
        for (level, policy) in batching.priorityQueuePolicy.sorted(by: { $0.key < $1.key }) {
            let key = path.field("priority_queue_policy").key("\(level)")
            if level == 0 || level > batching.priorityLevels {
                problems.add(
                    .invalid, key,
                    "is no priority level; priority_levels is \(batching.priorityLevels)")
            }
            levelPolicies[Int(clamping: level)] = validateQueuePolicy(policy, key)
        }
        return DynamicBatching(
            preferredBatchSizes: Set(batching.preferredBatchSize.map { Int($0) }).sorted(),
            maxQueueDelay: batching.hasMaxQueueDelayMicroseconds
                ? .microseconds(batching.maxQueueDelayMicroseconds) : nil,
            preserveOrdering: batching.preserveOrdering,
            priorityLevels: Int(clamping: batching.priorityLevels),
            defaultPriorityLevel: Int(clamping: batching.defaultPriorityLevel),
            defaultQueuePolicy: defaultPolicy, levelQueuePolicies: levelPolicies)
    }

    private mutating func checkPreferredSizes(
        _ batching: Inference_ModelDynamicBatching, _ parent: FieldPath
    ) {
        let path = parent.field("preferred_batch_size")
        // The configuration that leaves it open is checked again once the model has been seen.
        for size in batching.preferredBatchSize {
            if size < 1 {
                problems.add(.invalid, path, "has \(size); sizes of 1 and more are allowed")
            } else if !message.leavesBatchingOpen, size > message.maxBatchSize {
                problems.add(
                    .invalid, path,
                    "has \(size), more than max_batch_size, which is \(message.maxBatchSize)")
            }
        }
    }

    private mutating func checkPriorityLevels(
        _ batching: Inference_ModelDynamicBatching, _ parent: FieldPath
    ) {
        let levels = batching.priorityLevels
        let standard = batching.defaultPriorityLevel
        let path = parent.field("default_priority_level")
        if levels > Self.priorityLevelLimit {
            problems.add(
                .invalid, parent.field("priority_levels"),
                "is \(levels); \(Self.priorityLevelLimit) are allowed")
        }
        if levels == 0, standard != 0 {
            problems.add(.invalid, path, "is \(standard), but there are no priority_levels")
        } else if levels > 0, standard == 0 || standard > levels {
            problems.add(
                .invalid, path,
                "is \(standard); a level from 1 to priority_levels (\(levels)) is allowed")
        }
    }

    private mutating func validateQueuePolicy(
        _ policy: Inference_ModelQueuePolicy, _ path: FieldPath
    ) -> QueuePolicy {
        if case .UNRECOGNIZED(let number) = policy.timeoutAction {
            problems.add(
                .invalid, path.field("timeout_action"),
                "is \(number); REJECT or DELAY is allowed")
        }
        return QueuePolicy(
            timeoutAction: policy.timeoutAction == .delay ? .delay : .reject,
            defaultTimeout: policy.defaultTimeoutMicroseconds == 0
                ? nil : .microseconds(policy.defaultTimeoutMicroseconds),
            allowTimeoutOverride: policy.allowTimeoutOverride,
            maxQueueSize: policy.maxQueueSize == 0 ? nil : Int(policy.maxQueueSize))
    }
}
