package import ServingModel

/// What a model version has done since it was loaded, in the terms of Triton's statistics extension.
package struct ModelStatistics: Sendable, Equatable {
    /// How often something happened and how long it took altogether.
    package struct Duration: Sendable, Equatable {
        /// Number of samples.
        package private(set) var count: UInt64 = 0
        /// Sum of the samples.
        package private(set) var total = Interval.zero

        /// Counts `times` samples of equal length.
        package mutating func add(_ sample: Interval, times: UInt64 = 1) {
            count += times
            total = total + sample * times
        }
    }

    /// Durations of batches of one size.
    package struct BatchSize: Sendable, Equatable {
        /// Gathering the inputs.
        package var input = Duration()
        /// Running the engine.
        package var infer = Duration()
        /// Handing the outputs out.
        package var output = Duration()

        /// All zero.
        package init() {}
    }

    /// Outcomes of one priority class.
    package struct Class: Sendable, Equatable {
        /// Requests answered before their deadline.
        package var inTime: UInt64 = 0
        /// Requests answered after it.
        package var late: UInt64 = 0
        /// Requests refused, by reason.
        package var rejected: [RejectReason: UInt64] = [:]
        /// Time from arrival to the end of the batch.
        package var latency = LatencyHistogram()
        /// Time from arrival to the start of the batch.
        package var queue = LatencyHistogram()
    }

    /// Rows that were computed.
    package var inferences: UInt64 = 0
    /// Batches that were computed.
    package var executions: UInt64 = 0
    /// Wall-clock milliseconds since 1970 of the last batch's end; kept by the reader's edge.
    package var lastInference: Instant?
    /// Requests answered, with their time from arrival to answer.
    package var success = Duration()
    /// Requests that an engine failed.
    package var failure = Duration()
    /// Requests whose client gave up while they waited.
    package var cancelled: UInt64 = 0
    /// Requests that the scheduler refused.
    package var rejected: UInt64 = 0
    /// Waiting, per request.
    package var queue = Duration()
    /// Gathering, per request.
    package var computeInput = Duration()
    /// Running, per request.
    package var computeInfer = Duration()
    /// Handing out, per request.
    package var computeOutput = Duration()
    /// By rows of the batch.
    package var batches: [Int: BatchSize] = [:]
    /// Time that each instance had a batch, by its number.
    package var busy: [Interval]
    /// Times that each instance was made anew, by its number.
    package var renewals: [UInt64]
    /// By position in the class table.
    package var classes: [Class]
    /// Requests answered by each variant, the full model first; empty where there is but one.
    package var variants: [UInt64]
    /// Times that each variant was brought into memory while the model served, and how long that took.
    package var variantLoads: [Duration]

    /// All zero, for a table of `classes` classes and a model with `variants` variants.
    package init(classes: Int, instances: Int = 1, variants: Int = 0) {
        busy = Array(repeating: .zero, count: instances)
        renewals = Array(repeating: 0, count: instances)
        self.variants = Array(repeating: 0, count: variants)
        variantLoads = Array(repeating: Duration(), count: variants)
        self.classes = Array(repeating: Class(), count: classes)
    }
}
