/// The policies of iteration-level scheduling that a ``GenerationScheduler`` can be built with.
///
/// The default, and the rules of other servers over the same machine, so that a comparison is one of rules
/// and not of implementations.
package enum GenerationPolicy: Sendable, Equatable {
    /// Slack-aware steps: decodes first, as much prefill as the tightest promise leaves time for, admission
    /// by predicted memory, early refusal.
    case slackAware
    /// vLLM's first scheduler: whole prompts before decodes, in order of arrival.
    case vllmV0
    /// vLLM's present scheduler in order of arrival: running requests first, chunked prefill under a budget
    /// of 2,048 tokens, recompute of the last one when memory is short.
    case vllmFCFS
    /// The same in order of class, then arrival; the least of them is pre-empted.
    case vllmPriority
    /// Sarathi-Serve: decodes first, then prefill up to a fixed chunk (Agrawal and others, 2024).
    case sarathi(chunk: Int)
    /// Orca: iteration-level batches in order of arrival that reserve prompt and most new tokens (Yu and
    /// others, 2022).
    case orca
    /// Request-level batches of one size: nobody enters before everybody has left.
    case staticBatch(size: Int)

    /// The names of all policies, the default first.
    package static let names = [
        "swb", "vllm0", "vllm-fcfs", "vllm-priority", "sarathi", "orca", "static",
    ]

    /// The name in scenario files, reports and logs.
    package var name: String {
        switch self {
        case .slackAware: "swb"
        case .vllmV0: "vllm0"
        case .vllmFCFS: "vllm-fcfs"
        case .vllmPriority: "vllm-priority"
        case .sarathi: "sarathi"
        case .orca: "orca"
        case .staticBatch: "static"
        }
    }

    /// The policy of that name with its settings at their defaults; `nil` for an unknown name.
    package init?(named name: String) {
        switch name {
        case "swb": self = .slackAware
        case "vllm0": self = .vllmV0
        case "vllm-fcfs": self = .vllmFCFS
        case "vllm-priority": self = .vllmPriority
        case "sarathi": self = .sarathi(chunk: 512)
        case "orca": self = .orca
        case "static": self = .staticBatch(size: 32)
        default: return nil
        }
    }

    /// Whether it gives up requests whose first token cannot be in time.
    package var shedsHopeless: Bool { self == .slackAware }

    /// Whether requests share prefixes.
    package var usesCache: Bool {
        switch self {
        case .slackAware, .vllmFCFS, .vllmPriority: true
        case .vllmV0, .sarathi, .orca, .staticBatch: false
        }
    }

    /// Refuses settings that no caller may pass.
    func validate() throws(ConfigurationProblem) {
        switch self {
        case .sarathi(let chunk): try require(chunk >= 1, "sarathi's chunk has \(chunk) tokens")
        case .staticBatch(let size): try require(size >= 1, "a batch holds \(size) requests")
        default: break
        }
    }
}
