internal import ControlCore
package import SchedulerCore

/// One of the policies that a scenario compares, with the server's settings that go with it.
package struct ScenarioPolicy: Sendable, Equatable {
    /// What it is called in reports; unique within the scenario (`name`, by default the policy's).
    package var name: String
    /// The policy with its settings.
    package var policy: Policy
    /// Most rows in one batch, where it differs from the scenario's limit (`max_batch`).
    package var maxBatch: Int?
    /// When a request that will be late is told so (`fast_fail: head | tail`).
    package var fastFail = FastFail.head
    /// Which of the cheaper variants may be used (`variants: off | per_batch | sticky`).
    package var variants = VariantRule.perBatch
    /// Whether young overload splits batches (`burst_split`).
    package var splitsBursts = false
    /// Which circuit breakers take sick instances out (`breaker: none | fixed | adaptive`).
    package var breaker = BreakerRule.none
    /// Which health rules change settings (`health: none | all | batches | memory | latency`).
    package var health = HealthChoice.none
    /// Whether they only count what they would change (`health_dry_run`).
    package var healthIsDryRun = false
    /// What refused clients are told about coming back (`advice: turns | backlog`).
    package var advice = AdviceRule.turns
    /// How text is generated; `nil` where batches are formed, and then ``policy`` says how.
    package var generation: GenerationRule?

    /// When instances are taken out.
    package enum BreakerRule: String, Sendable, CaseIterable {
        /// Never.
        case none
        /// At the same thresholds always.
        case fixed
        /// Earlier while their latencies or failures are an anomaly.
        case adaptive
    }

    /// What refused clients are told.
    package enum AdviceRule: String, Sendable, CaseIterable {
        /// How long the queue is.
        case backlog
        /// A turn of their own.
        case turns
    }

    /// Which of the health rules are on.
    package enum HealthChoice: String, Sendable, CaseIterable {
        /// None.
        case none
        /// All.
        case all
        /// Larger batches.
        case batches
        /// Fewer requests at a time.
        case memory
        /// A cheaper variant.
        case latency

        /// The settings of the rules; `nil` without rules.
        var settings: HealthSettings? {
            var settings = HealthSettings()
            switch self {
            case .none: return nil
            case .all: break
            case .batches: settings.rules = [.batches]
            case .memory: settings.rules = [.memory]
            case .latency: settings.rules = [.latency]
            }
            return settings
        }
    }

    /// How cheaper variants are chosen.
    package enum VariantRule: String, Sendable, CaseIterable {
        /// Never.
        case off
        /// For each batch anew.
        case perBatch = "per_batch"
        /// The first one is loaded under overload and unloaded afterwards, with hysteresis; while it is
        /// loaded, for each batch anew.
        case sticky
    }

    /// The default: SWB with its defaults.
    package static let slackAware = ScenarioPolicy(.slackAware)

    /// A policy called `name` with the defaults of every other key.
    package init(_ policy: Policy, name: String = "swb") {
        self.policy = policy
        self.name = name
    }

    /// A policy of text generation with the defaults of every other key.
    package init(_ rule: GenerationRule, name: String? = nil) {
        self.init(.slackAware, name: name ?? rule.policy.name)
        generation = rule
    }
}

/// One of the policies of text generation, with the server's settings that go with it.
package struct GenerationRule: Sendable, Equatable {
    /// The policy with its settings.
    package var policy: GenerationPolicy
    /// Whether prefixes are kept for further requests (`prefix_cache`).
    package var cachesPrefixes = true
    /// Milliseconds to move a thousand tokens between the device and the host's memory; `nil` where a
    /// pre-empted request is computed anew (`swap_ms_per_ktoken`).
    package var swapMillisecondsPerKiloToken: Double?
    /// Whose turn the device is, beside other models (`sharing`).
    package var sharing = DeviceTurns.Rule.claims

    /// A policy with the defaults of every other key.
    package init(_ policy: GenerationPolicy) {
        self.policy = policy
    }
}
