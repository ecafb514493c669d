internal import ServingModel
internal import Yams

/// Reads one YAML file into a configuration and collects everything that is wrong with it, so that
/// the operator corrects a file once.
struct YAMLReader {
    let origin: String
    private(set) var configuration: ServerConfiguration
    private(set) var problems: [String] = []

    init(origin: String, into configuration: ServerConfiguration) {
        self.origin = origin
        self.configuration = configuration
    }

    private static let sections = Set(
        ServerConfiguration.reference.map(\.section).filter { !$0.isEmpty && !$0.hasSuffix("[]") })

    /// Reads the whole text; an empty one changes nothing.
    mutating func read(_ yaml: String) {
        let root: Node?
        do {
            root = try Yams.compose(yaml: yaml)
        } catch {
            problems.append("\(origin): not valid YAML: \(error)")
            return
        }
        guard let root, RawValue(root) != .nothing else { return }
        guard case .mapping(let mapping) = root else {
            return report(root, "the file holds \(RawValue(root).description), not keys and values")
        }
        for (keyNode, value) in mapping {
            let name = keyNode.string ?? ""
            if Self.sections.contains(name) {
                readSection(name, value)
            } else if let key = key(name, in: "") {
                assign(value, to: key)
            } else {
                reportUnknown(keyNode, in: "")
            }
        }
    }

    private mutating func readSection(_ section: String, _ value: Node) {
        guard RawValue(value) != .nothing else { return }
        guard case .mapping(let mapping) = value else {
            return report(
                value,
                "\(section) is \(RawValue(value).description); allowed: a mapping with the keys "
                    + Self.names(in: section).joined(separator: ", "))
        }
        for (keyNode, value) in mapping {
            if let key = key(keyNode.string ?? "", in: section) {
                assign(value, to: key)
            } else {
                reportUnknown(keyNode, in: section)
            }
        }
    }

    private mutating func assign(_ value: Node, to key: ConfigurationKey) {
        if case .classes = key.binding { return readClasses(value, key) }
        if let problem = key.assign(RawValue(value), to: &configuration) { report(value, problem) }
    }

    // MARK: Classes

    private mutating func readClasses(_ value: Node, _ key: ConfigurationKey) {
        guard case .sequence(let entries) = value, !entries.isEmpty,
            entries.count <= ServerConfiguration.classCountMax
        else {
            let what: String
            if case .sequence(let entries) = value {
                what = "a list of \(entries.count)"
            } else {
                what = RawValue(value).description
            }
            return report(value, "classes is \(what); allowed: \(key.allowed)")
        }
        var classes: [PriorityClass] = []
        for (index, entry) in entries.enumerated() {
            let read = readClass(entry, at: "classes[\(index)]")
            if let twin = classes.firstIndex(where: { $0.name == read.name && !read.name.isEmpty })
            {
                report(
                    entry,
                    "classes[\(index)].name is '\(read.name)' like classes[\(twin)].name; "
                        + "every class needs a name of its own")
            }
            classes.append(read)
        }
        configuration.classes = classes
    }

    private mutating func readClass(_ value: Node, at path: String) -> PriorityClass {
        var entry = PriorityClass(name: "", weight: 1, floorShare: 0, defaultDeadline: .never)
        guard case .mapping(let mapping) = value else {
            report(
                value,
                "\(path) is \(RawValue(value).description); allowed: a mapping with the keys "
                    + Self.names(in: "classes[]").joined(separator: ", "))
            return entry
        }
        var missing = Set(["name", "weight", "default_deadline_ms"])
        for (keyNode, value) in mapping {
            guard let key = key(keyNode.string ?? "", in: "classes[]") else {
                reportUnknown(keyNode, in: "classes[]")
                continue
            }
            missing.remove(key.name)
            let problem = key.assign(RawValue(value), to: &entry, at: "\(path).\(key.name)")
            if let problem { report(value, problem) }
        }
        for name in missing.sorted() { report(value, "\(path).\(name) is missing") }
        return entry
    }

    // MARK: Keys and problems

    private func key(_ name: String, in section: String) -> ConfigurationKey? {
        ServerConfiguration.reference.first { $0.section == section && $0.name == name }
    }

    private static func names(in section: String) -> [String] {
        let keys = ServerConfiguration.reference.filter { $0.section == section }.map(\.name)
        return (section.isEmpty ? keys + Array(sections) : keys).sorted()
    }

    private mutating func reportUnknown(_ node: Node, in section: String) {
        let name = node.string ?? RawValue(node).description
        let allowed = Self.names(in: section)
        let place = section.isEmpty ? "" : " in '\(section)'"
        var text = "unknown key '\(name)'\(place); "
        if let elsewhere = ServerConfiguration.reference.first(where: { $0.name == name }) {
            text += "did you mean '\(elsewhere.path)'? "
        } else if let near = Spelling.nearest(to: name, among: allowed) {
            text += "did you mean '\(near)'? "
        }
        report(node, text + "allowed: \(allowed.joined(separator: ", "))")
    }

    private mutating func report(_ node: Node, _ text: String) {
        problems.append("\(origin)\(node.mark.map { ":\($0.line)" } ?? ""): \(text)")
    }
}
