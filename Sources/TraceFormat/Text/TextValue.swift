internal import ServingModel

/// A value in one word.
protocol TextValue {
    /// The word, which ``init(word:)`` reads back exactly.
    var word: String { get }
    /// What the word may be, for messages.
    static var form: String { get }
    /// The value, or `nil` when the word is something else.
    init?(word: String)
}

extension Int: TextValue {
    var word: String { "\(self)" }
    static var form: String { "a whole number" }
    init?(word: String) { self.init(word) }
}

extension UInt64: TextValue {
    var word: String { "\(self)" }
    static var form: String { "a whole number, not negative" }
    init?(word: String) { self.init(word) }
}

extension Double: TextValue {
    /// The shortest decimal that reads back to the same bits.
    var word: String { "\(self)" }
    static var form: String { "a finite number" }
    init?(word: String) {
        guard let value = Double(word), value.isFinite else { return nil }
        self = value
    }
}

extension Bool: TextValue {
    var word: String { self ? "yes" : "no" }
    static var form: String { "yes or no" }
    init?(word: String) {
        guard word == "yes" || word == "no" else { return nil }
        self = word == "yes"
    }
}

extension Interval: TextValue {
    var word: String { "\(nanoseconds)" }
    static var form: String { "nanoseconds" }
    init?(word: String) {
        guard let nanoseconds = UInt64(word) else { return nil }
        self.init(nanoseconds: nanoseconds)
    }
}

extension String: TextValue {
    var word: String { Escaping.escaped(self) }
    static var form: String { "a name, other characters than visible ones as %XX" }
    init?(word: String) {
        guard let name = Escaping.unescaped(word) else { return nil }
        self = name
    }
}

extension Optional: TextValue where Wrapped: TextValue {
    var word: String { self?.word ?? "none" }
    static var form: String { "\(Wrapped.form), or none" }
    init?(word: String) {
        self = .none
        guard word != "none" else { return }
        guard let value = Wrapped(word: word) else { return nil }
        self = .some(value)
    }
}

extension Array: TextValue where Element: TextValue {
    var word: String { isEmpty ? "none" : map(\.word).joined(separator: ",") }
    static var form: String { "\(Element.form), several with commas between them, or none" }
    init?(word: String) {
        self = []
        guard word != "none" else { return }
        for part in word.split(separator: ",", omittingEmptySubsequences: false) {
            guard let element = Element(word: String(part)) else { return nil }
            append(element)
        }
    }
}

extension TextValue where Self: RawRepresentable & CaseIterable, RawValue == String {
    var word: String { rawValue }
    static var form: String { allCases.map(\.rawValue).joined(separator: " or ") }
    init?(word: String) { self.init(rawValue: word) }
}
