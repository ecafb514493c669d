/// The batch-forming policies that a scheduler can be built with.
///
/// A closed list, resolved once per decision: the machine moves requests and never asks which policy
/// it runs.
package enum Policy: Sendable, Equatable {
    /// SWB, slack-aware work-conserving batching: see ``SlackAwarePolicy``.
    case slackAware
}
