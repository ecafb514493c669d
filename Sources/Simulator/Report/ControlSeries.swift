package import ServingModel

/// A group of settings that share a plot, such as the circuit breakers of all instances.
package struct ControlPanel: Sendable, Hashable {
    /// What the plot is called; no two panels have the same.
    package var title: String
    /// What the values count.
    package var unit: String
    /// Names of the values 0, 1, …, where a value is a state; empty where it is a number.
    package var states: [String]

    /// A panel of numbers, or of states.
    package init(_ title: String, unit: String = "state", states: [String] = []) {
        self.title = title
        self.unit = unit
        self.states = states
    }

    /// Where the circuit breaker of each instance is.
    package static let breakers = ControlPanel(
        "Circuit breakers", states: ["in service", "on trial", "out"])
    /// How certain the breakers are that something is wrong with each instance.
    package static let anomalies = ControlPanel("Anomaly scores", unit: "score, from 0 to 1")
    /// What a batch may have at most.
    package static let batchRows = ControlPanel("Most rows of a batch", unit: "rows")
    /// How many requests may wait.
    package static let waitingRequests = ControlPanel(
        "Most requests that may wait", unit: "requests")
    /// Where batches begin the ladder of variants: 0 is the full model.
    package static let preferredVariant = ControlPanel(
        "Preferred variant", unit: "step of the ladder")
    /// How long a batch waits for company, where the policy adapts that.
    package static let windows = ControlPanel("Batching window", unit: "ms")
    /// Which cheaper variants are loaded.
    package static let variants = ControlPanel(
        "Cheaper variants", states: ["not loaded", "loaded"])
}

/// A setting of a controller over a run: each value holds until the next change.
package struct ControlSeries: Sendable, Equatable {
    /// One value.
    package struct Change: Sendable, Equatable {
        /// When it began to hold.
        package var seconds: Double
        /// The value.
        package var value: Double

        /// Makes a change.
        package init(seconds: Double, value: Double) {
            self.seconds = seconds
            self.value = value
        }
    }

    /// The plot that it belongs to.
    package var panel: ControlPanel
    /// Whose setting it is, such as `instance 2`; unique in its panel.
    package var name: String
    /// Ascending in time; neighbours differ in their value.
    package var changes: [Change]

    /// A series with some changes.
    package init(_ panel: ControlPanel, _ name: String, changes: [Change] = []) {
        self.panel = panel
        self.name = name
        self.changes = changes
    }
}

/// Writes down what controllers are set to, as a run goes on. Whoever runs a controller notes its value
/// whenever it may have changed; equal values cost nothing.
package struct ControlLog: Sendable, Equatable {
    /// Changes of one series that are kept: what changes more often is no controller, but noise.
    package static let mostChanges = 4_096

    /// One for each setting, in the order in which they were first noted.
    package private(set) var series: [ControlSeries] = []

    /// An empty log.
    package init() {}

    /// The value of a setting from now on.
    package mutating func note(
        _ panel: ControlPanel, _ name: String, _ value: Double, at now: Instant
    ) {
        let change = ControlSeries.Change(seconds: Double(now.nanoseconds) / 1e9, value: value)
        guard let index = series.firstIndex(where: { $0.panel == panel && $0.name == name }) else {
            series.append(ControlSeries(panel, name, changes: [change]))
            return
        }
        guard series[index].changes.last?.value != value,
            series[index].changes.count < Self.mostChanges
        else { return }
        if series[index].changes.last?.seconds == change.seconds {
            // Of several values at one moment the last one counts.
            series[index].changes[series[index].changes.count - 1] = change
        } else {
            series[index].changes.append(change)
        }
    }
}
