internal import ControlCore
internal import EngineAPI
internal import Logging
internal import ModelRepository
internal import ServingModel
internal import ServingRuntime

/// What the log says about models that are served.
extension ModelManager {
    func failureLog(
        _ name: String, _ message: Logger.Message
    ) -> @Sendable (EngineError) -> Void {
        let logger = logger
        return { error in
            logger.error(message, metadata: ["model": "\(name)", "error": "\(error)"])
        }
    }

    func changeLog(_ name: String) -> @Sendable (BreakerDecision) -> Void {
        let logger = logger
        let board = catalog.controllers
        return { decision in
            board.post(ControllerSetting(decision, of: name, at: MonotonicClock().now()))
            switch decision {
            case .isolate(let instance, let cause):
                logger.warning(
                    "instance taken out of service",
                    metadata: [
                        "model": "\(name)", "instance": "\(instance)", "cause": "\(cause.rawValue)",
                    ])
            case .probe(let instance):
                logger.info(
                    "instance on trial", metadata: ["model": "\(name)", "instance": "\(instance)"])
            case .restore(let instance):
                logger.notice(
                    "instance back in service",
                    metadata: ["model": "\(name)", "instance": "\(instance)"])
            }
        }
    }

    func renewalLog(_ name: String) -> @Sendable (InstanceID, EngineError?) -> Void {
        let logger = logger
        return { instance, failure in
            var metadata: Logger.Metadata = ["model": "\(name)", "instance": "\(instance)"]
            if let failure {
                metadata["error"] = "\(failure)"
                logger.error("instance cannot be made anew", metadata: metadata)
            } else {
                logger.warning(
                    "instance made anew, because memory only grew", metadata: metadata)
            }
        }
    }

    /// Tells of variants that come and go.
    func variantLog(_ name: String, _ cheaper: [String]) -> @Sendable (VariantChange) -> Void {
        let logger = logger
        let board = catalog.controllers
        for variant in cheaper {
            board.post(ControllerSetting(variant: variant, of: name, isThere: false))
        }
        return { change in
            let variant = cheaper[change.move.variant.rawValue - 1]
            var metadata: Logger.Metadata = [
                "model": "\(name)", "variant": "\(variant)", "reason": "\(change.move.cause)",
            ]
            let isThere: Bool
            switch change.outcome {
            case .loaded(let took):
                isThere = true
                metadata["took_ms"] = "\(Int(took.milliseconds.rounded()))"
                logger.notice("variant loaded", metadata: metadata)
            case .unloaded:
                isThere = false
                logger.notice("variant unloaded", metadata: metadata)
            case .failed(let error):
                isThere = false
                metadata["error"] = "\(Self.reason(of: error))"
                logger.error("variant could not be loaded", metadata: metadata)
            }
            var setting = ControllerSetting(
                variant: variant, of: name, isThere: isThere, at: MonotonicClock().now(),
                reason: change.move.cause)
            if case .failed = change.outcome { setting.text = "could not be loaded" }
            board.post(setting)
        }
    }

    func noteIdleFields(_ configuration: ModelConfiguration) {
        let idle = configuration.ignoredFields + Self.schedulingHints(configuration)
        guard !idle.isEmpty else { return }
        logger.notice(
            "configuration fields without effect here",
            metadata: [
                "model": "\(configuration.name)", "fields": "\(idle.joined(separator: ", "))",
            ])
    }

    /// What the configuration asks of a batcher that waits, and of queues that are not ordered by
    /// deadline; the scheduler does neither.
    private static func schedulingHints(_ configuration: ModelConfiguration) -> [String] {
        var hints: [String] = []
        if configuration.responseCacheEnabled { hints.append("response_cache") }
        if !configuration.warmup.isEmpty { hints.append("model_warmup") }
        guard let batching = configuration.dynamicBatching else { return hints }
        func add(_ field: String) { hints.append("dynamic_batching." + field) }
        if (batching.maxQueueDelay ?? .zero) > .zero { add("max_queue_delay_microseconds") }
        if !batching.preferredBatchSizes.isEmpty { add("preferred_batch_size") }
        if batching.preserveOrdering { add("preserve_ordering") }
        let policies = [batching.defaultQueuePolicy] + batching.levelQueuePolicies.values
        if policies.contains(where: { $0.timeoutAction == .delay }) {
            add("timeout_action: DELAY")
        }
        if batching.levelQueuePolicies.values.contains(where: { $0.maxQueueSize != nil }) {
            add("priority_queue_policy.max_queue_size")
        }
        return hints
    }
}

extension VariantLadder.Move {
    /// Why, in words.
    fileprivate var cause: String {
        if isPreferred { return "a health rule prefers it" }
        let load = "load \(pressure.load.percent)"
        return pressure.rejectedShare >= 0.005
            ? load + ", \(pressure.rejectedShare.percent) rejected" : load
    }
}

extension ControllerSetting {
    /// What the board says of a variant that comes on demand.
    fileprivate init(
        variant: String, of model: String, isThere: Bool, at now: Instant? = nil,
        reason: String = ""
    ) {
        self.init(
            name: "variant \(variant)", model: model, value: isThere ? 1 : 0,
            text: isThere ? "in memory" : "not in memory", lower: 0, upper: 1, changed: now,
            reason: reason)
    }

    /// What the board says of an instance's breaker after a decision.
    fileprivate init(_ decision: BreakerDecision, of model: String, at now: Instant) {
        let (instance, value, text, reason) =
            switch decision {
            case .isolate(let instance, let cause): (instance, 2.0, "open", cause.rawValue)
            case .probe(let instance): (instance, 1.0, "half open", "its pause is over")
            case .restore(let instance): (instance, 0.0, "closed", "its trial went well")
            }
        self.init(
            name: "breaker of instance \(instance)", model: model, value: value, text: text,
            lower: 0, upper: 2, changed: now, reason: reason)
    }
}
