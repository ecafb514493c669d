/// What a scenario came to over all its seeds.
package struct ScenarioResult: Sendable, Equatable {
    /// One report per seed, in order.
    package var reports: [SimulationReport]
    /// One verdict per target, in the scenario's order.
    package var verdicts: [TargetVerdict]

    /// Judges the reports by the scenario's targets.
    package init(_ scenario: Scenario, _ reports: [SimulationReport]) {
        self.reports = reports
        verdicts = scenario.targets.map { TargetVerdict($0, reports) }
    }

    /// Whether every target holds.
    package var holds: Bool { verdicts.allSatisfy(\.holds) }
}

/// A target beside what was measured.
package struct TargetVerdict: Sendable, Equatable {
    /// The target.
    package var target: ScenarioTarget
    /// The figure of each seed, in order; empty when the reports have no such figure.
    package var measured: [Double]
    /// The figure that decides: the worst, the median or the mean; `nil` when there is none.
    package var deciding: Double?
    /// Whether the target holds; a figure that is missing holds no target.
    package var holds: Bool

    /// Judges one target.
    package init(_ target: ScenarioTarget, _ reports: [SimulationReport]) {
        self.target = target
        measured = reports.compactMap {
            $0.figure(
                target.figure, policy: target.policy, className: target.className,
                atRate: target.atRatePerSecond)
        }
        let isComplete = !measured.isEmpty && measured.count == reports.count
        deciding = isComplete ? Self.deciding(target, measured) : nil
        holds = deciding.map { target.bound.miss($0) <= 0 } ?? false
    }

    private static func deciding(_ target: ScenarioTarget, _ measured: [Double]) -> Double? {
        switch target.over {
        case .every: measured.max { target.bound.miss($0) < target.bound.miss($1) }
        case .median:
            // The lower middle for even numbers: a figure that was really measured.
            measured.sorted()[(measured.count - 1) / 2]
        case .mean: measured.reduce(0, +) / Double(measured.count)
        }
    }
}

extension ScenarioTarget.Bound {
    /// By how much a value misses the bound; not positive when it holds. Not-a-number misses.
    package func miss(_ value: Double) -> Double {
        guard !value.isNaN else { return .infinity }
        return switch self {
        case .atMost(let limit): value - limit
        case .atLeast(let limit): limit - value
        case .within(let percent, let middle): abs(value - middle) - abs(middle) * percent / 100
        }
    }
}
