package import ControlCore

extension Event {
    /// What a scheduler is told of a decision about one of its instances.
    package init(_ decision: BreakerDecision) {
        switch decision {
        case .isolate(let instance, _): self = .instanceLost(instance)
        case .probe(let instance): self = .probe(instance)
        case .restore(let instance): self = .instanceReady(instance)
        }
    }
}
