package import ServingModel

/// What a simulated run of several models led to.
package struct GroupOutcome: Sendable, Equatable {
    /// By model.
    package var models: [Outcome]
    /// Loads that were ordered, by model.
    package var loads: [Int]
    /// Models that were paged out, by model.
    package var unloads: [Int]
    /// The most bytes that each device held.
    package var peakBytes: [Int] = []
    /// Time that each device ran batches.
    package var busy: [Interval]
    /// Time of the last event.
    package var end = Instant.origin

    init(classes: [Int], devices: Int, measuredFrom: Instant) {
        models = classes.map { Outcome(classes: $0, measuredFrom: measuredFrom) }
        loads = classes.map { _ in 0 }
        unloads = loads
        busy = Array(repeating: .zero, count: devices)
    }

    /// All models and classes together.
    package var total: ClassOutcome { models.reduce(ClassOutcome()) { $0 + $1.total } }
}
