/// Which rule made a batch as large as it is. Told beside the decision, for whoever explains it; no
/// decision depends on it.
@frozen
public enum LaunchRule: String, Hashable, Sendable, CaseIterable {
    /// All that waited rides.
    case everyone
    /// The batch holds as many rows as the model takes, or as are of use before the deadlines.
    case full
    /// Instances share the traffic: what is left is for the next one to be free.
    case share
    /// More rows would have made the tightest request on board late; the rest can still be in time.
    case split
    /// Heads that nothing could save were left behind, for the sake of a batch whose members all make it.
    case crossing
    /// More rows of a lesser class would have kept newcomers of a more important one waiting too long.
    case precedence
    /// Under overload the latest arrivals of a lesser class ride: its oldest would only be late.
    case newest
    /// Nothing fits its deadline with others on board, so the earliest request rides alone.
    case earliest
    /// The instance had been taken out of service, and one request shows whether it works again.
    case trial
    /// The rule of a policy other than slack-aware batching.
    case baseline
}
