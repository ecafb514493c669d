internal import SchedulerCore
internal import ServerConfiguration
internal import Simulator
internal import Yams

extension ScenarioReader {
    /// The policies of a file; a name, a name with settings, or an entry with a name of its own.
    func policies(_ top: Section, _ scenario: Scenario) -> [ScenarioPolicy] {
        var policies: [ScenarioPolicy] = []
        for element in top.elements("policies") {
            let read =
                scenario.generation == nil
                ? policy(element.node, at: element.path)
                : generationPolicy(element.node, at: element.path)
            guard let policy = read else { continue }
            if policies.contains(where: { $0.name == policy.name }) {
                problems.report(
                    element.node,
                    "\(element.path) is called '\(policy.name)' like one before it; give it a name of "
                        + "its own: {name: \"\(policy.name) 2\", \(policy.ruleName): {…}}")
            }
            policies.append(policy)
        }
        return policies
    }

    private func policy(_ node: Node, at path: String) -> ScenarioPolicy? {
        if case .text(let name) = RawValue(node) {
            guard let policy = Policy(named: name) else {
                reportUnknown(name, node, at: path, among: Policy.names)
                return nil
            }
            return ScenarioPolicy(policy, name: name)
        }
        guard let entry = Section(node, path: path, section: "policies[]", problems),
            let kind = onlyPolicy(of: Policy.names, in: entry)
        else { return nil }
        return policy(kind, entry)
    }

    /// The one policy that an entry names.
    func onlyPolicy(of names: [String], in entry: Section) -> String? {
        let named = names.filter { entry[$0] != nil }
        guard named.count != 1 else { return named[0] }
        problems.report(
            entry.node,
            named.isEmpty
                ? "\(entry.path) names no policy; allowed: one of \(names.joined(separator: ", "))"
                : "\(entry.path) names \(named.joined(separator: " and ")); allowed: one policy an entry"
        )
        return nil
    }

    private func policy(_ kind: String, _ entry: Section) -> ScenarioPolicy? {
        var read = ScenarioPolicy(.slackAware, name: entry.text("name") ?? kind)
        readServer(entry, &read)
        guard let node = entry[kind], RawValue(node) != .nothing else {
            // `triton:` without settings has all defaults.
            if let policy = Policy(named: kind) { read.policy = policy }
            return read
        }
        guard
            let settings = Section(
                node, path: entry.place(kind), section: kind, problems)
        else { return nil }
        switch kind {
        case "static": read.policy = .staticBatch(settings.staticBatch)
        case "window": read.policy = .window(settings.window)
        case "triton": read.policy = .triton(settings.triton)
        case "bentoml": read.policy = .bentoml(settings.bentoml)
        case "clipper": read.policy = .clipper(settings.clipper)
        case "nexus": read.policy = .nexus(settings.nexus)
        case "clockwork": read.policy = .clockwork(settings.clockwork)
        case "greedy": read.policy = .greedy(settings.greedy)
        default: readServer(settings, &read)
        }
        return read
    }

    /// Settings of the server that go with a policy.
    private func readServer(_ section: Section, _ policy: inout ScenarioPolicy) {
        if let batch = section.integer("max_batch") { policy.maxBatch = batch }
        switch section.text("fast_fail") {
        case "head": policy.fastFail = .head
        case "tail": policy.fastFail = .tail
        default: break
        }
        if let rule = section.text("variants").flatMap(ScenarioPolicy.VariantRule.init) {
            policy.variants = rule
        }
        if let rule = section.text("breaker").flatMap(ScenarioPolicy.BreakerRule.init) {
            policy.breaker = rule
        }
        if let rule = section.text("advice").flatMap(ScenarioPolicy.AdviceRule.init) {
            policy.advice = rule
        }
        if let choice = section.text("health").flatMap(ScenarioPolicy.HealthChoice.init) {
            policy.health = choice
        }
        if let isDryRun = section.truth("health_dry_run") { policy.healthIsDryRun = isDryRun }
        if let splits = section.truth("burst_split") { policy.splitsBursts = splits }
    }

    func reportUnknown(_ name: String, _ node: Node, at path: String, among names: [String]) {
        let near = Spelling.nearest(to: name, among: names)
        let hint = near.map { "did you mean '\($0)'? " } ?? ""
        problems.report(
            node,
            "\(path) is the unknown policy '\(name)'; \(hint)allowed: "
                + names.joined(separator: ", "))
    }
}

extension ScenarioPolicy {
    /// The name of its rule, whatever reports call it.
    fileprivate var ruleName: String { generation?.policy.name ?? policy.name }
}
