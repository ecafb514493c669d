internal import ServerConfiguration
internal import Yams

/// The mapping at one path of a file. Reads its keys by name; what does not fit is reported, once, and
/// reads as absent.
struct Section {
    /// Where it stands, such as `classes[1]`; empty for the top.
    let path: String

    /// Its name in the reference, such as `classes[]`.
    let section: String

    let node: Node
    let problems: Problems
    private let entries: [String: Node]

    /// `nil`, and a report, when `node` is not a mapping. Keys that the reference does not know are
    /// reported.
    init?(_ node: Node, path: String, section: String, _ problems: Problems) {
        guard case .mapping(let mapping) = node else {
            let names = ScenarioReference.names(in: section).joined(separator: ", ")
            problems.report(
                node,
                "\(path.isEmpty ? "the file" : path) is \(RawValue(node).description); "
                    + "allowed: a mapping with the keys \(names)")
            return nil
        }
        self.path = path
        self.section = section
        self.node = node
        self.problems = problems
        var entries: [String: Node] = [:]
        for (keyNode, value) in mapping {
            let name = keyNode.string ?? RawValue(keyNode).description
            if ScenarioReference.key(name, in: section) == nil {
                Self.reportUnknown(keyNode, name, in: section, at: path, problems)
            } else {
                entries[name] = value
            }
        }
        self.entries = entries
    }

    /// The node behind a key.
    subscript(name: String) -> Node? { entries[name] }

    /// Where a key stands, such as `classes[1].share`.
    func place(_ name: String) -> String { path.isEmpty ? name : "\(path).\(name)" }

    /// Notes what is wrong with a key's value, and what is allowed there.
    func report(_ name: String, _ text: String) {
        problems.report(entries[name] ?? node, text)
    }

    /// Whether the key is written; a report says so when it is missing.
    @discardableResult
    func requires(_ name: String, because reason: String = "") -> Bool {
        guard entries[name] == nil else { return true }
        let key = row(name)
        problems.report(node, "\(place(name)) is missing\(reason); allowed: \(key.allowed)")
        return false
    }

    // MARK: Values

    func text(_ name: String) -> String? {
        let key = row(name)
        guard let node = entries[name] else { return nil }
        let text: String
        switch RawValue(node) {
        case .text(let value) where !value.isEmpty: text = value
        // A name such as 512 is a name all the same.
        case .integer, .number, .truth: text = node.scalar?.string ?? ""
        default: return misfit(name, node, key)
        }
        if case .choice(let words) = key.kind, !words.contains(text) {
            return misfit(name, node, key, meant: Spelling.nearest(to: text, among: words))
        }
        return text
    }

    func truth(_ name: String) -> Bool? {
        let key = row(name)
        guard let node = entries[name] else { return nil }
        guard case .truth(let value) = RawValue(node) else { return misfit(name, node, key) }
        return value
    }

    func integer(_ name: String) -> Int? {
        let key = row(name)
        guard let node = entries[name] else { return nil }
        guard case .integer(let range) = key.kind, case .integer(let value) = RawValue(node),
            range.contains(value)
        else { return misfit(name, node, key) }
        return value
    }

    func number(_ name: String) -> Double? {
        let key = row(name)
        guard let node = entries[name] else { return nil }
        guard case .number(let range, let over) = key.kind,
            let value = Self.number(RawValue(node), in: range, over: over)
        else { return misfit(name, node, key) }
        return value
    }

    func integers(_ name: String) -> [Int]? {
        let key = row(name)
        guard let node = entries[name] else { return nil }
        guard case .integers(let range) = key.kind, let list = Self.list(RawValue(node))
        else { return misfit(name, node, key) }
        var values: [Int] = []
        for element in list {
            guard case .integer(let value) = element, range.contains(value) else {
                return misfit(name, node, key, what: "a list with \(element.description) in it")
            }
            values.append(value)
        }
        return values
    }

    func numbers(_ name: String) -> [Double]? {
        let key = row(name)
        guard let node = entries[name] else { return nil }
        guard case .numbers(let range, let over) = key.kind, let list = Self.list(RawValue(node))
        else { return misfit(name, node, key) }
        var values: [Double] = []
        for element in list {
            guard let value = Self.number(element, in: range, over: over) else {
                return misfit(name, node, key, what: "a list with \(element.description) in it")
            }
            values.append(value)
        }
        return values
    }

    func texts(_ name: String) -> [String]? {
        let key = row(name)
        guard let node = entries[name] else { return nil }
        guard case .list(let list) = RawValue(node), !list.isEmpty else {
            return misfit(name, node, key)
        }
        var values: [String] = []
        for element in list {
            guard case .text(let value) = element, !value.isEmpty else {
                return misfit(name, node, key, what: "a list with \(element.description) in it")
            }
            values.append(value)
        }
        return values
    }

    func span(_ name: String) -> ClosedRange<Double>? {
        let key = row(name)
        guard let node = entries[name] else { return nil }
        guard case .span(let range) = key.kind, case .list(let list) = RawValue(node),
            list.count == 2,
            let low = Self.number(list[0], in: range, over: false),
            let high = Self.number(list[1], in: range, over: false), low <= high
        else { return misfit(name, node, key) }
        return low...high
    }

    /// A nested mapping; `nil` when it is not there or not one.
    func section(_ name: String, as section: String? = nil) -> Section? {
        _ = row(name)
        guard let node = entries[name] else { return nil }
        return Section(node, path: place(name), section: section ?? place(name), problems)
    }

    /// The elements of a list of mappings, or of one mapping that stands for a list of one.
    func elements(_ name: String) -> [(path: String, node: Node)] {
        let key = row(name)
        guard let node = entries[name] else { return [] }
        switch node {
        case .sequence(let nodes):
            if nodes.isEmpty {
                report(name, "\(place(name)) is an empty list; allowed: \(key.allowed)")
            }
            return nodes.enumerated().map { ("\(place(name))[\($0.offset)]", $0.element) }
        default:
            return [(place(name), node)]
        }
    }

    private func row(_ name: String) -> ScenarioKey {
        guard let key = ScenarioReference.key(name, in: section) else {
            preconditionFailure("no key \(name) in section '\(section)' of the reference")
        }
        return key
    }

    private func misfit<Value>(
        _ name: String, _ node: Node, _ key: ScenarioKey, what: String? = nil, meant: String? = nil
    ) -> Value? {
        let hint = meant.map { "did you mean '\($0)'? " } ?? ""
        problems.report(
            node,
            "\(place(name)) is \(what ?? RawValue(node).description); \(hint)allowed: \(key.allowed)"
        )
        return nil
    }

    /// A list that holds something; a lone number stands for a list of one.
    private static func list(_ value: RawValue) -> [RawValue]? {
        switch value {
        case .list(let values) where !values.isEmpty: values
        case .integer, .number: [value]
        default: nil
        }
    }

    private static func number(
        _ value: RawValue, in range: ClosedRange<Double>, over: Bool
    ) -> Double? {
        let number: Double
        switch value {
        case .integer(let value): number = Double(value)
        case .number(let value): number = value
        default: return nil
        }
        guard number.isFinite, range.contains(number) else { return nil }
        return over && number == range.lowerBound ? nil : number
    }

    private static func reportUnknown(
        _ node: Node, _ name: String, in section: String, at path: String, _ problems: Problems
    ) {
        let allowed = ScenarioReference.names(in: section)
        let place = path.isEmpty ? "" : " in '\(path)'"
        var text = "unknown key '\(name)'\(place); "
        if let near = Spelling.nearest(to: name, among: allowed) {
            text += "did you mean '\(near)'? "
        } else {
            let others = ScenarioReference.places(of: name).prefix(3)
            if !others.isEmpty { text += "it belongs \(others.joined(separator: " or ")); " }
        }
        problems.report(node, text + "allowed: \(allowed.joined(separator: ", "))")
    }
}
