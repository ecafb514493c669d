/// One key of a scenario file: what may stand there, what stands there by itself, what it means.
///
/// The reader asks these rows what to accept, and `docs/simulator.md` shows them, so neither can drift from
/// the other.
struct ScenarioKey: Sendable {
    /// What a key holds.
    enum Kind: Sendable {
        /// Any text but the empty one.
        case text
        /// One of these words.
        case choice([String])
        /// `true` or `false`.
        case truth
        /// A whole number.
        case integer(ClosedRange<Int>)
        /// A number. `over` means that the lower bound itself is not allowed.
        case number(ClosedRange<Double>, over: Bool)
        /// Several whole numbers, at least one.
        case integers(ClosedRange<Int>)
        /// Several numbers, at least one.
        case numbers(ClosedRange<Double>, over: Bool)
        /// Two numbers, the smaller one first.
        case span(ClosedRange<Double>)
        /// Several texts, at least one.
        case texts
        /// Something with keys of its own, described in these words.
        case section(String)
    }

    /// The mapping it stands in, such as `devices` or `classes[]`; empty for the top of the file.
    let section: String
    let name: String
    let kind: Kind
    /// What stands there when the file says nothing; `required` when there is no such thing.
    let standard: String
    let summary: String

    init(_ section: String, _ name: String, _ kind: Kind, _ standard: String, _ summary: String) {
        self.section = section
        self.name = name
        self.kind = kind
        self.standard = standard
        self.summary = summary
    }

    /// What is allowed, for messages and the documentation.
    var allowed: String {
        switch kind {
        case .text: "a text"
        case .choice(let words): words.joined(separator: ", ")
        case .truth: "true or false"
        case .integer(let range): "a whole number, \(Self.bounds(range))"
        case .number(let range, let over): "a number, \(Self.bounds(range, over))"
        case .integers(let range): "a list of whole numbers, or one, each \(Self.bounds(range))"
        case .numbers(let range, let over):
            "a list of numbers, or one, each \(Self.bounds(range, over))"
        case .span(let range): "two numbers, [smaller, larger], \(Self.bounds(range, false))"
        case .texts: "a list of texts"
        case .section(let words): words
        }
    }

    private static func bounds(_ range: ClosedRange<Int>) -> String {
        range.upperBound == .max
            ? "at least \(range.lowerBound)" : "\(range.lowerBound) to \(range.upperBound)"
    }

    private static func bounds(_ range: ClosedRange<Double>, _ over: Bool) -> String {
        let low = FigureText.plain(range.lowerBound)
        let high = FigureText.plain(range.upperBound)
        if range.upperBound == .greatestFiniteMagnitude {
            if range.lowerBound == -.greatestFiniteMagnitude { return "of any size" }
            return over ? "above \(low)" : "at least \(low)"
        }
        return over ? "above \(low), at most \(high)" : "\(low) to \(high)"
    }
}

extension ScenarioKey.Kind {
    /// A number above zero.
    static let positive = Self.number(0...Double.greatestFiniteMagnitude, over: true)
    /// A number that is not negative.
    static let amount = Self.number(0...Double.greatestFiniteMagnitude, over: false)
    /// A part of a whole.
    static let share = Self.number(0...1, over: false)
    /// At least one of something.
    static let count = Self.integer(1...1_000_000)
}
