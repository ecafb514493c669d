internal import SchedulerCore
internal import ServerConfiguration
package import Simulator

/// A policy that neither the file nor Headway has.
package struct UnknownPolicy: Error, Sendable, CustomStringConvertible {
    /// The name, what was probably meant, what is allowed.
    package let description: String
}

extension Scenario {
    /// Keeps only the policies of these names, in this order; one that the file does not have is taken with
    /// its defaults. No names keep everything. Targets of policies that are not run are dropped.
    package mutating func limitPolicies(to names: [String]) throws(UnknownPolicy) {
        guard !names.isEmpty else { return }
        var kept: [ScenarioPolicy] = []
        for name in names where !kept.contains(where: { $0.name == name }) {
            if let own = policies.first(where: { $0.name == name }) {
                kept.append(own)
            } else if generation != nil, let policy = GenerationPolicy(named: name) {
                kept.append(ScenarioPolicy(GenerationRule(policy), name: name))
            } else if generation == nil, let policy = Policy(named: name) {
                kept.append(ScenarioPolicy(policy, name: name))
            } else {
                var allowed = policies.map(\.name)
                let known = generation == nil ? Policy.names : GenerationPolicy.names
                allowed += known.filter { !allowed.contains($0) }
                let near = Spelling.nearest(to: name, among: allowed)
                let hint = near.map { "did you mean '\($0)'? " } ?? ""
                throw UnknownPolicy(
                    description: "unknown policy '\(name)'; \(hint)allowed: "
                        + allowed.joined(separator: ", "))
            }
        }
        policies = kept
        targets.removeAll { target in !kept.contains { $0.name == target.policy } }
    }
}
