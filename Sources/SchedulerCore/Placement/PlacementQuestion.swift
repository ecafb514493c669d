package import ServingModel

/// A model, devices and a promise: how should the model be placed?
package struct PlacementQuestion: Sendable, Equatable {
    /// How much work there is.
    package enum Load: Sendable, Equatable {
        /// Rows that arrive in a millisecond, whether the last ones were answered or not.
        case rate(Double)
        /// Clients that each wait for their answer before they send the next row.
        case concurrency(Int)
    }

    /// Milliseconds of a batch without rows, on one device (`a`).
    package var base: Double
    /// Milliseconds that each row adds, on one device (`c`).
    package var perRow: Double
    /// Deviation of a batch's duration from one run to the next, as a part of it.
    package var noise = 0.02
    /// What the whole model needs on one device; of a gang each member holds its part.
    package var memory = MemoryModel(resident: 0)
    /// Bytes of each device.
    package var deviceMemory = Int.max
    /// Devices that there are.
    package var devices: Int
    /// What a gang spends on exchanging results.
    package var communication = CommunicationCost.none
    /// How much work there is.
    package var load: Load
    /// The latency that 99 % of the requests must not exceed.
    package var promise: Interval
    /// Most rows in one batch, memory allowing.
    package var maxBatchRows = 1_024

    /// A question about a model without memory and communication; see the properties.
    package init(
        base: Double, perRow: Double, devices: Int, load: Load, promise: Interval
    ) {
        precondition(base >= 0 && perRow > 0 && devices >= 1, "a device costs and exists")
        self.base = base
        self.perRow = perRow
        self.devices = devices
        self.load = load
        self.promise = promise
    }
}

/// One way to place a model, and what arithmetic says about it. Times in milliseconds.
package struct PlacementOption: Sendable, Equatable {
    /// Why an option does not keep the promise, or that it does.
    package enum Verdict: String, Sendable, Equatable {
        /// It keeps the promise.
        case keeps
        /// Not even one row fits the memory.
        case doesNotFit
        /// The largest batch that memory allows does not keep up with the rate.
        case overloaded
        /// A request alone takes longer than promised.
        case tooSlowAlone
        /// Waiting for one batch and riding the next takes longer than promised.
        case cycleTooLong
    }

    /// Devices that one batch occupies; 1 for data-parallel replicas.
    package var degree: Int
    /// Instances side by side.
    package var replicas: Int
    /// Milliseconds of a batch without rows, barrier included.
    package var base: Double
    /// Milliseconds that each row adds, barrier included.
    package var perRow: Double
    /// Of each batch: milliseconds spent on exchanging results.
    package var exchange: Double
    /// Of each batch: milliseconds that the average member waits for the slowest at the barrier.
    package var straggling: Double
    /// Most rows in a batch that memory allows.
    package var maxRows: Int
    /// Rows in a millisecond that batches of that size sustain.
    package var capacity: Double
    /// Rows of the batches that the load leads to.
    package var batch: Double
    /// The longest stay if the instances took turns evenly and traffic had no bursts; infinite when
    /// there is none.
    package var bound: Double
    /// What 99 % of the requests are expected not to exceed; infinite when there is no such time.
    package var p99: Double
    /// Whether the promise is kept, and what breaks it.
    package var verdict: Verdict

    /// Devices in use.
    package var devices: Int { degree * replicas }
}
