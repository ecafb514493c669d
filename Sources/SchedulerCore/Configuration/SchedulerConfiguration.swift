package import ControlCore
package import ServingModel

/// Everything that a ``Scheduler`` is told once, at construction.
///
/// Together with the list of timed events it determines every action: a run is
/// `(configuration, [(time, event)])`.
package struct SchedulerConfiguration: Sendable, Equatable {
    /// Priority classes, most important first; at least one.
    package var classes: [PriorityClass]

    /// Instances that share the queue.
    package var instances: Int

    /// Most rows in one batch.
    package var maxBatchRows: Int

    /// Most requests that may wait.
    package var maxQueuedRequests: Int

    /// Most payload bytes that may wait.
    package var maxQueuedBytes: Int

    /// Most different input shapes that may wait at the same time; each shape batches by itself.
    package var maxShapes: Int

    /// Time between the engine's answer and the client's, kept free in every promise.
    package var guardInterval: Interval

    /// Share of the asymptotic throughput below which protecting a more important class must not
    /// push the batches of lesser ones.
    package var minEfficiency: Double

    /// When a request that will not make its deadline is told so.
    package var fastFail: FastFail

    /// Memory of the arrival rates.
    package var rateTimeConstant: Interval

    /// What is known about the device before the first batch.
    package var latency: LatencyModel

    /// Who decides which requests ride a batch.
    package var policy: Policy

    /// The page's defaults for one instance of a model with `latency`.
    package init(
        classes: [PriorityClass] = PriorityClass.defaultTable, instances: Int = 1,
        maxBatchRows: Int, latency: LatencyModel
    ) {
        self.classes = classes
        self.instances = instances
        self.maxBatchRows = maxBatchRows
        self.latency = latency
        maxQueuedRequests = 16_384
        maxQueuedBytes = 1 << 30
        maxShapes = 64
        guardInterval = .microseconds(500)
        minEfficiency = 0.5
        rateTimeConstant = .milliseconds(100)
        fastFail = .head
        policy = .slackAware
    }

    /// Traps on a configuration that no caller may pass; edges validate before.
    func validate() {
        precondition(!classes.isEmpty, "a scheduler needs at least one priority class")
        precondition(instances >= 0, "negative number of instances: \(instances)")
        precondition(maxBatchRows >= 1, "a batch holds at least one row, not \(maxBatchRows)")
        precondition(maxQueuedRequests >= 1, "the queue holds at least one request")
        precondition(maxQueuedBytes >= 1, "the queue holds at least one byte")
        precondition(maxShapes >= 1, "the queue holds at least one shape")
        precondition(
            minEfficiency > 0 && minEfficiency < 1, "min efficiency \(minEfficiency) not in (0, 1)")
        for entry in classes {
            precondition(entry.weight >= 1, "class \(entry.name) has weight \(entry.weight) < 1")
            precondition(
                entry.floorShare >= 0 && entry.floorShare <= 0.5,
                "class \(entry.name) has floor share \(entry.floorShare) outside [0, 0.5]")
        }
        policy.validate()
    }
}
