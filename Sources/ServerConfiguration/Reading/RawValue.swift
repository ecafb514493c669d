package import Yams

/// What stands behind a key before anybody asked whether it belongs there.
package enum RawValue: Sendable, Equatable {
    /// Nothing, or YAML's null.
    case nothing
    /// `true` or `false`.
    case truth(Bool)
    /// A whole number.
    case integer(Int)
    /// A number with a fraction.
    case number(Double)
    /// Text, also quoted text that looks like a number.
    case text(String)
    /// A sequence.
    case list([RawValue])
    /// Keys and values.
    case mapping

    /// The value as an error message shows it.
    package var description: String {
        switch self {
        case .nothing: "empty"
        case .truth(let value): "the truth value \(value)"
        case .integer(let value): "\(value)"
        case .number(let value): "\(value)"
        case .text(let value): "the text '\(value)'"
        case .list: "a list"
        case .mapping: "a mapping"
        }
    }
}

extension RawValue {
    /// What a YAML node holds, by its tag: quoted text is text even when it looks like a number.
    package init(_ node: Node) {
        switch node {
        case .mapping, .alias:
            self = .mapping
        case .sequence(let nodes):
            self = .list(nodes.map(RawValue.init))
        case .scalar(let scalar):
            switch node.tag.description {
            case Tag.Name.null.rawValue: self = .nothing
            case Tag.Name.bool.rawValue:
                self = node.bool.map(RawValue.truth) ?? .text(scalar.string)
            case Tag.Name.int.rawValue:
                self = node.int.map(RawValue.integer) ?? .text(scalar.string)
            case Tag.Name.float.rawValue:
                self = node.float.map(RawValue.number) ?? .text(scalar.string)
            default: self = .text(scalar.string)
            }
        }
    }
}
