package import ControlCore
package import ServingModel

/// What a simulated run led to.
package struct Outcome: Sendable, Equatable {
    /// Results of the requests that arrived after the warm-up, by class.
    package var classes: [ClassOutcome]

    /// Batches launched after the warm-up.
    package var batches = 0

    /// Rows of those batches together.
    package var rows = 0

    /// Requests of those batches, by the variant that computed them; 0 is the full model.
    package var requestsByVariant: [Int] = [0]

    /// A change that the health rules made, or would have made in a dry run.
    package struct HealthNote: Sendable, Equatable {
        /// When.
        package var at: Instant
        /// What.
        package var change: HealthChange

        init(at: Instant, _ change: HealthChange) {
            self.at = at
            self.change = change
        }
    }

    /// All changes of the health rules, in order.
    package var healthChanges: [HealthNote] = []

    /// What clients wanted, where they try again; an attempt at it is a request.
    package var wishes = 0

    /// How often the system has ended the process for its memory.
    package var processEnds = 0

    /// Which sick instances were recognised; `nil` without circuit breakers.
    package var breakers: BreakerOutcome?

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

    /// Rows of the average batch.
    package var meanBatch: Double { batches == 0 ? 0 : Double(rows) / Double(batches) }

    mutating func note(batchOf rows: Int, requests: Int, variant: Int) {
        batches += 1
        self.rows += rows
        while requestsByVariant.count <= variant { requestsByVariant.append(0) }
        requestsByVariant[variant] += requests
    }
}
