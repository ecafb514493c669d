package import ControlCore
package import ServingModel

/// What a shell knows of a model's past, as running sums.
package struct HealthTotals: Sendable, Equatable {
    /// Time that its instances have had batches, together.
    package var busy: Interval
    /// Requests answered.
    package var answered: UInt64
    /// Their latencies together.
    package var latency: Interval

    /// Makes totals; see the properties.
    package init(busy: Interval = .zero, answered: UInt64 = 0, latency: Interval = .zero) {
        self.busy = busy
        self.answered = answered
        self.latency = latency
    }
}

/// Turns what two readings of a scheduler and its shell differ in into a sample for the health rules.
package struct HealthGauge: Sendable {
    private var last: Instant
    private var arrived: UInt64 = 0
    private var totals = HealthTotals()

    /// A gauge whose first sample begins at `now`.
    package init(at now: Instant) {
        last = now
    }

    /// How the model has been since the last sample. `memory` is the part that is in use, where it is known.
    package mutating func sample(
        _ scheduler: inout Scheduler, _ now: HealthTotals, memory: Double?, at time: Instant
    ) -> HealthSample {
        var sample = HealthSample()
        let span = max(last.interval(to: time).milliseconds, 1e-6)
        let configuration = scheduler.configuration
        let latency = scheduler.latency
        let widest = scheduler.widestBatch
        let busy = (now.busy - totals.busy).milliseconds / span
        let share = min(busy / Double(max(configuration.instances, 1)), 1)
        let rows = configuration.maxBatchRows
        sample.utilization =
            share * latency.throughput(rows: rows) / latency.throughput(rows: widest)
        sample.leavesWork = scheduler.longestWait(at: time) > latency.latency(rows: rows)
        sample.rows = rows
        sample.widestRows = widest
        sample.mostWaiting = scheduler.takeMostQueued()
        sample.longestQueue = scheduler.longestQueue
        sample.memory = memory
        let answered = now.answered &- totals.answered
        if answered > 0 { sample.meanLatency = (now.latency - totals.latency) / answered }
        let pressure = scheduler.pressure(at: time)
        let came = Double(scheduler.arrivedRows &- arrived) / span
        if pressure.capacity > 0 { sample.load = came / pressure.capacity }
        sample.cheaperVariants = configuration.cheaperVariants.count
        last = time
        arrived = scheduler.arrivedRows
        totals = now
        return sample
    }
}
