package import ControlCore

extension Event {
    /// What a scheduler is told of a decision of the health rules.
    package init(_ decision: HealthDecision) {
        switch decision {
        case .rows(let rows): self = .limited(rows: rows)
        case .requests(let requests): self = .queueLimited(requests: requests)
        case .variant(let variant): self = .preferred(variant)
        }
    }
}
