extension JSONValue {
    static func dynamicBatching(_ batching: Inference_ModelDynamicBatching) -> JSONValue {
        var members: [(String, JSONValue)] = [
            ("preferred_batch_size", .integers(batching.preferredBatchSize))
        ]
        // Presence is kept: completing and reading again must not turn "not set" into "never wait".
        if batching.hasMaxQueueDelayMicroseconds {
            members.append(
                ("max_queue_delay_microseconds", .unsigned(batching.maxQueueDelayMicroseconds)))
        }
        members += [
            ("preserve_ordering", .bool(batching.preserveOrdering)),
            ("priority_levels", .unsigned(batching.priorityLevels)),
            ("default_priority_level", .unsigned(batching.defaultPriorityLevel)),
        ]
        if batching.hasDefaultQueuePolicy {
            members.append(("default_queue_policy", queuePolicy(batching.defaultQueuePolicy)))
        }
        let levels = batching.priorityQueuePolicy.sorted { $0.key < $1.key }
        members.append(
            ("priority_queue_policy", .object(levels.map { ("\($0.key)", queuePolicy($0.value)) })))
        return .object(members)
    }

    private static func queuePolicy(_ policy: Inference_ModelQueuePolicy) -> JSONValue {
        .object([
            ("timeout_action", name(of: policy.timeoutAction)),
            ("default_timeout_microseconds", .unsigned(policy.defaultTimeoutMicroseconds)),
            ("allow_timeout_override", .bool(policy.allowTimeoutOverride)),
            ("max_queue_size", .integer(Int64(policy.maxQueueSize))),
        ])
    }

    static func instanceGroup(_ group: Inference_ModelInstanceGroup) -> JSONValue {
        var members: [(String, JSONValue)] = [
            ("name", .string(group.name)),
            ("kind", name(of: group.kind)),
            ("count", .integer(Int64(group.count))),
        ]
        if group.hasRateLimiter {
            members.append(("rate_limiter", message(group.rateLimiter)))
        }
        members += [
            ("gpus", .integers(group.gpus)),
            ("secondary_devices", .array(group.secondaryDevices.map { message($0) })),
            ("profile", .strings(group.profile)),
            ("passive", .bool(group.passive)),
            ("host_policy", .string(group.hostPolicy)),
        ]
        return .object(members)
    }

    static func warmup(_ sample: Inference_ModelWarmup) -> JSONValue {
        .object([
            ("name", .string(sample.name)),
            ("batch_size", .integer(Int64(sample.batchSize))),
            ("inputs", .map(sample.inputs, warmupInput)),
            ("count", .integer(Int64(sample.count))),
        ])
    }

    private static func warmupInput(_ input: Inference_ModelWarmup.Input) -> JSONValue {
        var members: [(String, JSONValue)] = [
            ("data_type", name(of: input.dataType)),
            ("dims", .integers(input.dims)),
        ]
        switch input.inputDataType {
        case .zeroData(let flag): members.append(("zero_data", .bool(flag)))
        case .randomData(let flag): members.append(("random_data", .bool(flag)))
        case .inputDataFile(let file): members.append(("input_data_file", .string(file)))
        case nil: break
        }
        return .object(members)
    }
}
