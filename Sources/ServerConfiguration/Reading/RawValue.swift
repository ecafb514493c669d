/// What stands behind a key before anybody asked whether it belongs there.
enum RawValue: Sendable, Equatable {
    case nothing
    case truth(Bool)
    case integer(Int)
    case number(Double)
    case text(String)
    case list([RawValue])
    case mapping

    /// The value as an error message shows it.
    var description: String {
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
