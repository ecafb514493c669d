extension ConfigurationValidator {
    /// The number of instances of all groups together.
    mutating func validateInstanceGroups() -> Int {
        var total = 0
        for (index, group) in message.instanceGroup.enumerated() {
            let path = FieldPath.field("instance_group", index)
            if group.count < 0 {
                problems.add(
                    .invalid, path.field("count"),
                    "is \(group.count); 1 or more is allowed, and 0 for the default of 1")
            }
            checkKind(group, path)
            refuse(group.passive, path.field("passive"))
            refuse(!group.secondaryDevices.isEmpty, path.field("secondary_devices"))
            ignore(group.hasRateLimiter, path.field("rate_limiter"))
            ignore(!group.profile.isEmpty, path.field("profile"))
            ignore(!group.hostPolicy.isEmpty, path.field("host_policy"))
            total += max(1, Int(group.count))
        }
        let limit = ModelConfiguration.instanceCountLimit
        if total > limit {
            problems.add(
                .invalid, .field("instance_group"),
                "asks for \(total) instances; \(limit) are allowed")
        }
        return max(1, total)
    }

    private mutating func checkKind(_ group: Inference_ModelInstanceGroup, _ path: FieldPath) {
        switch group.kind {
        case .gpu:
            problems.add(
                .unsupported, path.field("kind"),
                "KIND_GPU is not supported by this server yet; use KIND_CPU or KIND_AUTO")
        case .auto, .model:
            // Both leave the choice to the server.
            ignore(!group.gpus.isEmpty, path.field("gpus"))
        case .cpu:
            if !group.gpus.isEmpty {
                problems.add(
                    .invalid, path.field("gpus"), "names devices, which KIND_CPU does not take")
            }
        case .UNRECOGNIZED(let number):
            problems.add(
                .invalid, path.field("kind"),
                "is \(number); KIND_AUTO, KIND_CPU or KIND_MODEL is allowed")
        }
    }
}
