/// Names one field of a model configuration, as in `input[0].dims` or `parameters["gpu_memory"]`.
struct FieldPath: Hashable, Sendable {
    /// One step from a message into one of its fields.
    enum Component: Hashable, Sendable {
        /// A field, with the position of the value for repeated fields.
        case field(String, Int?)
        /// The entry of the preceding map field that has this key.
        case key(String)
    }

    /// The steps from the top of the configuration.
    private(set) var components: [Component]

    /// The configuration as a whole.
    static let root = FieldPath(components: [])

    /// A field at the top of the configuration.
    static func field(_ name: String, _ index: Int? = nil) -> FieldPath {
        FieldPath(components: [.field(name, index)])
    }

    /// The list of a model's libraries with operators, or one of them.
    static func operatorLibraries(_ index: Int? = nil) -> FieldPath {
        .field("model_operations").field("op_library_filename", index)
    }

    /// A field of the message at this path.
    func field(_ name: String, _ index: Int? = nil) -> FieldPath {
        FieldPath(components: components + [.field(name, index)])
    }

    /// An entry of the map at this path.
    func key(_ key: String) -> FieldPath {
        FieldPath(components: components + [.key(key)])
    }
}

extension FieldPath: CustomStringConvertible {
    /// The path in the usual notation; empty for the configuration as a whole.
    var description: String {
        var text = ""
        for component in components {
            switch component {
            case .field(let name, let index):
                if !text.isEmpty { text += "." }
                text += name.abridged
                if let index { text += "[\(index)]" }
            case .key(let key):
                text += "[\"\(key.abridged)\"]"
            }
        }
        return text
    }
}

extension String {
    /// The text in a length fit for a message, with control characters made visible: names and
    /// values come from files that may hold anything.
    var abridged: String {
        let limit = 80
        var text = ""
        var length = 0
        for scalar in unicodeScalars {
            if length == limit { return text + "…" }
            text += scalar.value < 0x20 || scalar.value == 0x7F ? " " : String(scalar)
            length += 1
        }
        return text
    }
}
