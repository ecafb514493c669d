/// One family of metrics: what its name means, whatever model or class it is about.
package struct Metric: Sendable, Equatable {
    /// How a value behaves over time.
    package enum Kind: String, Sendable {
        /// Only grows, and starts over with the process.
        case counter
        /// Goes up and down.
        case gauge
        /// Counts samples by their size.
        case histogram
    }

    /// The name; a unit at its end says in what it is counted.
    package let name: String

    /// How values behave.
    package let kind: Kind

    /// One line for people.
    package let help: String

    /// Names of the labels, in the order in which values are given.
    package let labels: [String]

    init(_ name: String, _ kind: Kind, labels: [String] = [], _ help: String) {
        self.name = name
        self.kind = kind
        self.labels = labels
        self.help = help
    }
}
