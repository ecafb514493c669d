/// OpenAI's word for how important a request is.
enum ServiceTier: String {
    case priority
    case standard = "default"
    case flex

    /// The tier that a request asks for, if it does.
    init?(_ fields: RequestFields) throws(RequestProblem) {
        let words = ["auto", "default", "flex", "scale", "priority", "fast"]
        switch try fields.word("service_tier", of: words) {
        case "priority", "fast": self = .priority
        case "auto", "default", "scale": self = .standard
        case "flex": self = .flex
        default: return nil
        }
    }

    /// The tier as a priority: 1 is the highest class, 0 the model's default, and a number beyond all
    /// classes the last one.
    var priority: UInt64 {
        switch self {
        case .priority: 1
        case .standard: 0
        case .flex: .max
        }
    }
}
