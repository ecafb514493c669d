internal import ControlCore
internal import Logging
internal import ServingModel
internal import ServingRuntime

/// What log and board say about the health rules.
extension ModelManager {
    func healthLog(
        _ name: String, _ specification: ServingSpecification
    ) -> @Sendable (HealthChange) -> Void {
        guard let settings = specification.health else { return { _ in } }
        let logger = logger
        let board = catalog.controllers
        let limits = HealthBounds(
            rows: max(specification.interface.maxBatchSize, 1),
            requests: specification.maxQueuedRequests, variants: specification.variants)
        for rule in HealthRule.allCases
        where settings.rules.contains(rule) && limits.hasRoom(for: rule) {
            board.post(ControllerSetting(standing: rule, of: name, limits, settings.isDryRun))
        }
        return { change in
            let setting = ControllerSetting(
                change, of: name, limits, isDryRun: settings.isDryRun, at: MonotonicClock().now())
            board.post(setting)
            logger.notice(
                settings.isDryRun ? "a health rule would change a setting" : "a health rule acts",
                metadata: [
                    "model": "\(name)", "rule": "\(change.rule.rawValue)",
                    "setting": "\(setting.name)", "value": "\(setting.text ?? "")",
                    "reason": "\(setting.reason)",
                ])
        }
    }
}

/// How far the rules may go.
private struct HealthBounds: Sendable {
    var rows: Int
    var requests: Int
    /// Names, the full model's first; empty where there is but one.
    var variants: [String]

    /// Whether there is anything that a rule could change.
    func hasRoom(for rule: HealthRule) -> Bool {
        switch rule {
        case .batches: rows > 1
        case .memory: requests > 1
        case .latency: variants.count > 1
        }
    }

    func name(of variant: VariantIndex) -> String {
        variants.indices.contains(variant.rawValue) ? variants[variant.rawValue] : "full"
    }
}

extension ControllerSetting {
    /// A rule that has not acted yet.
    fileprivate init(
        standing rule: HealthRule, of model: String, _ limits: HealthBounds, _ isDryRun: Bool
    ) {
        let decision: HealthDecision =
            switch rule {
            case .batches: .rows(limits.rows)
            case .memory: .requests(limits.requests)
            case .latency: .variant(.full)
            }
        self.init(HealthChange(rule, decision, figure: 0), of: model, limits, isDryRun: isDryRun)
        reason = isDryRun ? "dry run" : ""
    }

    /// What the board says after a change.
    fileprivate init(
        _ change: HealthChange, of model: String, _ limits: HealthBounds, isDryRun: Bool,
        at now: Instant? = nil
    ) {
        let (name, value, text, unit, upper) =
            switch change.decision {
            case .rows(let rows): ("largest batch", rows, "\(rows) rows", "rows", limits.rows)
            case .requests(let most):
                ("waiting requests", most, "\(most) requests", "requests", limits.requests)
            case .variant(let variant):
                (
                    "preferred variant", variant.rawValue, limits.name(of: variant), "",
                    max(limits.variants.count - 1, 0)
                )
            }
        self.init(
            name: name, model: model, value: Double(value),
            text: isDryRun && now != nil ? "would be \(text)" : text, unit: unit,
            lower: change.rule == .latency ? 0 : 1, upper: Double(upper), changed: now,
            reason: change.cause)
    }
}

extension HealthChange {
    /// The figure that a change was made for, in words.
    fileprivate var cause: String {
        switch rule {
        case .batches: "utilisation \(figure.percent), and work waits"
        case .memory: "memory \(figure.percent)"
        case .latency: "mean latency \(Int(figure.rounded())) ms"
        }
    }
}

extension Double {
    /// A share as people read it, such as `85 %`.
    var percent: String { "\(Int(Swift.min(self * 100, 1e9).rounded())) %" }
}
