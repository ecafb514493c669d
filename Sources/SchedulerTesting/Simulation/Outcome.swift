package import ServingModel

/// What a simulated run led to.
package struct Outcome: Sendable, Equatable {
    /// Results of the requests that arrived after the warm-up, by class.
    package var classes: [ClassOutcome]

    /// Rows of every batch, in order of launch.
    package var batchRows: [Int] = []

    /// Time of the last event.
    package var end = Instant.origin

    /// Arrivals before this time are served but not counted.
    package let measuredFrom: Instant

    /// The last arrival that was counted.
    package var lastArrival = Instant.origin

    init(classes: Int, measuredFrom: Instant) {
        self.classes = Array(repeating: ClassOutcome(), count: classes)
        self.measuredFrom = measuredFrom
    }

    /// All classes together.
    package var total: ClassOutcome {
        classes.reduce(ClassOutcome(), +)
    }

    /// Seconds over which counted requests arrived.
    package var measuredSeconds: Double { measuredFrom.interval(to: lastArrival).seconds }

    /// Requests answered in time per second.
    package var inTimePerSecond: Double {
        measuredSeconds > 0 ? Double(total.inTime) / measuredSeconds : 0
    }
}
