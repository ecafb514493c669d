/// The batch-forming policies that a scheduler can be built with.
///
/// A closed list, resolved once per decision: the machine moves requests and never asks which policy
/// it runs. ``slackAware`` is the default; the others are the rules of other servers over the same
/// machine, so that a claim about them can be reproduced, and a comparison is one of rules and not of
/// implementations.
package enum Policy: Sendable, Equatable {
    /// SWB, slack-aware work-conserving batching: see ``SlackAwarePolicy``.
    case slackAware
    /// Full batches of one fixed size: see ``StaticPolicy``.
    case staticBatch(StaticSettings)
    /// A batching window whose length follows the latency: see ``WindowPolicy``.
    case window(WindowSettings)
    /// The dynamic batcher of Triton Inference Server: see ``TritonPolicy``.
    case triton(TritonSettings)
    /// BentoML's cork dispatcher: see ``BentoMLPolicy``.
    case bentoml(BentoMLSettings)
    /// Clipper's batch size from the slack of the queue's head: see ``ClipperPolicy``.
    case clipper(ClipperSettings)
    /// Nexus' sliding window over one target batch: see ``NexusPolicy``.
    case nexus(NexusSettings)
    /// Clockwork's queue per batch size: see ``ClockworkPolicy``.
    case clockwork(ClockworkSettings)
    /// Whatever waits rides: see ``GreedyPolicy``.
    case greedy(GreedySettings)

    /// The names of all policies, the default first.
    package static let names = [
        "swb", "static", "window", "triton", "bentoml", "clipper", "nexus", "clockwork", "greedy",
    ]

    /// The name in scenario files, reports and logs.
    package var name: String {
        switch self {
        case .slackAware: "swb"
        case .staticBatch: "static"
        case .window: "window"
        case .triton: "triton"
        case .bentoml: "bentoml"
        case .clipper: "clipper"
        case .nexus: "nexus"
        case .clockwork: "clockwork"
        case .greedy: "greedy"
        }
    }

    /// The policy of that name with its settings at their defaults; `nil` for an unknown name.
    package init?(named name: String) {
        switch name {
        case "swb": self = .slackAware
        case "static": self = .staticBatch(StaticSettings())
        case "window": self = .window(WindowSettings())
        case "triton": self = .triton(TritonSettings())
        case "bentoml": self = .bentoml(BentoMLSettings())
        case "clipper": self = .clipper(ClipperSettings())
        case "nexus": self = .nexus(NexusSettings())
        case "clockwork": self = .clockwork(ClockworkSettings())
        case "greedy": self = .greedy(GreedySettings())
        default: return nil
        }
    }

    /// Whether it keeps what only SWB promises: no instance idles beside waiting work, no request is
    /// launched that is not promised to end in time, and none is given up that still could.
    package var keepsDeadlines: Bool {
        if case .slackAware = self { true } else { false }
    }

    /// Refuses settings that no caller may pass.
    func validate() throws(ConfigurationProblem) {
        switch self {
        case .slackAware: break
        case .staticBatch(let settings): try settings.validate()
        case .window(let settings): try settings.validate()
        case .triton(let settings): try settings.validate()
        case .bentoml(let settings): try settings.validate()
        case .clipper(let settings): try settings.validate()
        case .nexus(let settings): try settings.validate()
        case .clockwork(let settings): try settings.validate()
        case .greedy(let settings): try settings.validate()
        }
    }
}
