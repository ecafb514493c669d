/// Finds where in a text a field is written.
struct FieldLocator {
    private let source: ConfigurationSource
    private let offsets: [String: Int]

    init(source: ConfigurationSource) {
        self.source = source
        let outline = PbtxtScanner.outline(of: source)
        var offsets: [String: Int] = [:]
        var keys: [String] = []
        for entry in outline.entries {
            let name = source.text(entry.name)
            let prefix = entry.parent.map { keys[$0] } ?? ""
            let key = Self.key(prefix, name, entry.ordinal)
            keys.append(key)
            // A list comes before its elements and claims the first one's key: the name of the
            // field is the better place to point at.
            if offsets[key] == nil { offsets[key] = entry.start }
        }
        self.offsets = offsets
    }

    /// The place of `path`, or of the nearest enclosing field that is written; without line and
    /// column when there is none.
    func location(of path: FieldPath) -> ConfigurationError.Location {
        var key = ""
        var offset: Int?
        for case .field(let name, let index) in path.components.prefix(while: \.isField) {
            key = Self.key(key, name, index)
            guard let found = offsets[key] else { break }
            offset = found
        }
        return offset.map(source.location(ofOffset:))
            ?? ConfigurationError.Location(file: source.file)
    }

    private static func key(_ prefix: String, _ name: String, _ ordinal: Int?) -> String {
        "\(prefix).\(name)[\(ordinal ?? 0)]"
    }
}

extension FieldPath.Component {
    /// The outline does not know which entry of a map has which key.
    fileprivate var isField: Bool {
        if case .field = self { true } else { false }
    }
}
