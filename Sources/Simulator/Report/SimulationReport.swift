/// What a scenario came to with one seed. The names in parentheses are those of the JSON report.
package struct SimulationReport: Sendable, Equatable {
    /// Name of the scenario (`scenario`).
    package var scenario: String
    /// The seed (`seed`).
    package var seed: UInt64
    /// One entry per policy, in the scenario's order (`policies`).
    package var policies: [PolicyReport]
    /// What a cache of answers would have caught, in percent of all requests; `nil` when the scenario has no
    /// popular inputs (`repeated_inputs_pct`).
    package var repeatedInputsPercent: Double?
    /// Part of the requests that the best schedule serves in time, in percent; `nil` when it was not
    /// computed (`optimum_in_time_pct`).
    package var optimumInTimePercent: Double?

    /// A report without policies.
    package init(scenario: String, seed: UInt64) {
        self.scenario = scenario
        self.seed = seed
        policies = []
    }
}

/// What one policy made of a scenario.
package struct PolicyReport: Sendable, Equatable {
    /// The policy's name in the scenario (`name`).
    package var name: String
    /// The figures over all models and classes, spread into the policy's object.
    package var figures = RunFigures()
    /// By class, most important first; classes of several models are called `model/class` (`classes`).
    package var classes: [ClassReport] = []
    /// Queue, batches and memory over time (`series`).
    package var series = TimeSeries()
    /// What controllers were set to over time (`controls`).
    package var controls: [ControlSeries] = []
    /// Distribution of latencies (`latency_cdf`).
    package var latencyCurve: [LatencyPoint] = []
    /// Distribution of the times to the first token; empty for batches (`ttft_cdf`).
    package var firstTokenCurve: [LatencyPoint] = []
    /// Distribution of the gaps between tokens; empty for batches (`gap_cdf`).
    package var gapCurve: [LatencyPoint] = []
    /// The rates of the sweep, lowest first (`sweep`).
    package var sweep: [SweepPoint] = []
    /// The highest rate that keeps the figure of the search, in requests per second; `nil` when there was
    /// no search or no rate keeps it (`max_rate_rps`).
    package var maxRatePerSecond: Double?

    /// A report without figures.
    package init(name: String) {
        self.name = name
    }
}

/// The figures of one run.
package struct RunFigures: Sendable, Equatable {
    /// Requests that came, per second (`offered_rps`).
    package var offeredPerSecond = 0.0
    /// Requests that were answered, in time or late, per second (`completed_rps`).
    package var completedPerSecond = 0.0
    /// Requests that were answered in time, per second (`in_time_rps`).
    package var inTimePerSecond = 0.0
    /// Latency of the answered requests (`latency_ms`).
    package var latency = LatencyFigures()
    /// 99 % quantile over all requests, a rejected or failed one counting as infinite; `nil` (JSON `null`) when
    /// it is infinite (`strict_p99_ms`).
    package var strictP99Milliseconds: Double?
    /// Answered in time, of all requests, in percent (`in_time_pct`).
    package var inTimePercent = 0.0
    /// Rejected, of all requests, in percent (`rejected_pct`).
    package var rejectedPercent = 0.0
    /// Answered late, of all requests, in percent (`late_pct`).
    package var latePercent = 0.0
    /// Launched in a batch that failed, of all requests, in percent (`failed_pct`).
    package var failedPercent = 0.0
    /// Rejected, failed or late, of all requests, in percent (`error_pct`).
    package var errorPercent = 0.0
    /// Rows of the average batch (`mean_batch`).
    package var meanBatch = 0.0
    /// Computed by a cheaper variant, of all launched requests, in percent (`cheaper_variant_pct`).
    package var cheaperVariantPercent = 0.0
    /// Changes that the health rules made (`health_changes`).
    package var healthChanges = 0.0
    /// How often the process was ended for its memory (`process_ends`).
    package var processEnds = 0.0
    /// Answered in time by one of their attempts, of all that clients wanted, in percent (`served_pct`).
    package var servedPercent = 0.0
    /// Attempts for each thing that a client wanted (`attempts`).
    package var attempts = 1.0
    /// Requests in time, in percent of those that the best schedule serves in time; `nil` when it was not
    /// computed (`of_optimum_pct`).
    package var ofOptimumPercent: Double?
    /// What only text generation has, spread into the run's object; `nil` for batches.
    package var generation: GenerationFigures?
    /// What only runs with circuit breakers have, spread into the run's object.
    package var breakers: BreakerFigures?

    /// Zeros.
    package init() {}
}

/// Latencies in milliseconds.
package struct LatencyFigures: Sendable, Equatable {
    /// Mean (`mean`).
    package var mean = 0.0
    /// Median (`p50`).
    package var p50 = 0.0
    /// 90 % quantile (`p90`).
    package var p90 = 0.0
    /// 99 % quantile (`p99`).
    package var p99 = 0.0
    /// 99.9 % quantile (`p999`).
    package var p999 = 0.0

    /// Zeros.
    package init() {}
}

/// What became of one class.
package struct ClassReport: Sendable, Equatable {
    /// The class (`name`).
    package var name: String
    /// Answered in time, in percent of the class's requests (`in_time_pct`).
    package var inTimePercent = 0.0
    /// 99 % quantile of its answered requests in milliseconds (`p99_ms`).
    package var p99Milliseconds = 0.0
    /// Rejected, in percent (`rejected_pct`).
    package var rejectedPercent = 0.0
    /// Answered late, in percent (`late_pct`).
    package var latePercent = 0.0
    /// Requests of the class that came, per second (`offered_rps`).
    package var offeredPerSecond = 0.0
    /// Requests of the class answered in time, per second (`in_time_rps`).
    package var inTimePerSecond = 0.0
    /// 99 % quantile of the times to the first token in milliseconds; `nil` for batches (`ttft_p99_ms`).
    package var firstTokenP99Milliseconds: Double?
    /// 99 % quantile of the mean gaps between tokens in milliseconds; `nil` for batches (`tpot_p99_ms`).
    package var perTokenP99Milliseconds: Double?

    /// Zeros.
    package init(name: String) {
        self.name = name
    }
}

/// Averages over equal bins of time. All lists have one entry per bin.
package struct TimeSeries: Sendable, Equatable {
    /// Width of a bin in seconds (`bin_s`).
    package var binSeconds = 0.0
    /// Requests that wait (`queued`).
    package var queued: [Double] = []
    /// Requests on devices (`in_flight`).
    package var inFlight: [Double] = []
    /// Rows of the average batch that started in the bin, 0 when none did (`batch`).
    package var batch: [Double] = []
    /// Rows that a cheaper variant computed, in percent of the rows of the bin; empty when none ever did
    /// (`cheaper_pct`).
    package var cheaperPercent: [Double] = []
    /// Memory in use in MB, over all devices; empty when the scenario has no ledger (`memory_mb`).
    package var memoryMB: [Double] = []
    /// Tokens that the device holds; empty for batches (`kv_tokens`).
    package var keyValueTokens: [Double] = []

    /// No bins.
    package init() {}
}

/// A latency and the part of the answered requests that did not exceed it.
package struct LatencyPoint: Sendable, Equatable {
    /// The part, from 0 to 1 (`quantile`).
    package var quantile: Double
    /// The latency in milliseconds (`ms`).
    package var milliseconds: Double

    /// Makes a point.
    package init(quantile: Double, milliseconds: Double) {
        self.quantile = quantile
        self.milliseconds = milliseconds
    }
}

/// One rate of a sweep.
package struct SweepPoint: Sendable, Equatable {
    /// The rate asked for, in requests per second (`rate_rps`).
    package var ratePerSecond: Double
    /// The figures at this rate, spread into the point's object.
    package var figures: RunFigures

    /// Makes a point.
    package init(ratePerSecond: Double, figures: RunFigures) {
        self.ratePerSecond = ratePerSecond
        self.figures = figures
    }
}
