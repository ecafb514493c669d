internal import ControlCore
internal import SchedulerCore
internal import ServingModel

/// What controllers are set to, as the report draws it.
extension VirtualServer {
    /// Notes what an event sets, and what the policy has made of it.
    mutating func noteControls(_ event: Event, window: Interval?) {
        guard controls != nil else { return }
        switch event {
        case .limited(let rows): controls?.note(.batchRows, "limit", Double(rows), at: now)
        case .variant(let variant, let isResident):
            controls?.note(
                .variants, "variant \(variant.rawValue)", isResident ? 1 : 0, at: now)
        case .completed:
            if let window { controls?.note(.windows, "window", window.milliseconds, at: now) }
        default: break
        }
    }

    /// Notes where the breakers are. Scores move with every batch, so they are noted in quarters.
    mutating func noteBreakers() {
        guard controls != nil, let breakers else { return }
        for (index, reading) in breakers.readings.enumerated() {
            let state: Double =
                switch reading.state {
                case .closed: 0
                case .halfOpen: 1
                case .open: 2
                }
            controls?.note(.breakers, "instance \(index)", state, at: now)
            let score = (reading.anomaly * 4).rounded() / 4
            controls?.note(.anomalies, "instance \(index)", score, at: now)
        }
    }
}
