/// When the requests of a scenario come, and what they are like.
package struct ArrivalPlan: Sendable, Equatable {
    /// When they come (`process` and its fields).
    package var process: Process
    /// Clumps on top of the process (`micro_bursts`).
    package var microBursts: MicroBursts?
    /// Whether requests of the same instant reach the scheduler together, as the requests of one turn of
    /// an event loop do; otherwise a batch may form after each (`together`).
    package var together = false
    /// Rows of a request (`rows`).
    package var rows = SizePlan.fixed(1)
    /// Padded length of a request's input, such as tokens; 0 when it has none (`lengths`).
    package var lengths = SizePlan.fixed(0)
    /// Tokens of a generated answer (`outputs`).
    package var outputs = SizePlan.fixed(1)
    /// Prompts that begin alike (`prefixes`).
    package var prefixes: SharedPrefixes?
    /// Inputs that come again and again (`popular`).
    package var popular: PopularInputs?
    /// What clients do whose requests are refused; `nil` for nothing (`retries`).
    package var retries: RetryPlan?
    /// Who sends them, by part of the traffic; empty for nobody in particular (`tenants`).
    package var tenants: [TenantShare] = []

    /// Requests of one row after `process`.
    package init(_ process: Process) {
        self.process = process
    }

    /// How requests come in time; every rate is in requests per second.
    package enum Process: Sendable, Equatable {
        /// `poisson {rate_rps}`: independent of each other.
        case poisson(ratePerSecond: Double)
        /// `even {rate_rps}`: in equal gaps.
        case even(ratePerSecond: Double)
        /// `mmpp {rates_rps: […], dwell_ms: […]}`: Poisson whose rate goes from each listed one to the next,
        /// and from the last to the first, after an exponentially distributed stay with the mean of the
        /// same position; one dwell serves for all.
        case mmpp(ratesPerSecond: [Double], dwellMilliseconds: [Double])
        /// `diurnal {rate_rps, amplitude, period_s}`: Poisson with the rate
        /// `rate * (1 + amplitude * sin(2 pi t / period))`.
        case diurnal(ratePerSecond: Double, amplitude: Double, periodSeconds: Double)
        /// `pareto {rate_rps, alpha, max_clump}`: Poisson moments at each of which a whole clump comes; the
        /// sizes of clumps are Pareto with index `alpha`, cut to `max_clump`, and `rate_rps` counts requests.
        case pareto(ratePerSecond: Double, alpha: Double, maxClump: Int)
        /// `step {levels_rps: […], at_s: […]}`: Poisson at a rate that jumps to the next level at each of the
        /// listed times; the first time is 0.
        case step(levelsPerSecond: [Double], atSeconds: [Double])
        /// `ramp {points: [[second, rps], …]}`, or `ramp {from_rps, to_rps, over_s}`: Poisson at a rate that
        /// is linear between the points and constant after the last one.
        case ramp(points: [RatePoint])
        /// `trace {file, format, speed, repeat}`: what was recorded.
        case trace(TracePlan)
    }
}

/// A moment and the rate that holds there.
package struct RatePoint: Sendable, Equatable {
    /// Seconds since the start.
    package var second: Double
    /// Requests per second.
    package var ratePerSecond: Double

    /// Makes a point.
    package init(second: Double, ratePerSecond: Double) {
        self.second = second
        self.ratePerSecond = ratePerSecond
    }
}

/// Clumps of requests that come at the same instant, on top of everything else.
package struct MicroBursts: Sendable, Equatable {
    /// Requests in a clump (`size`).
    package var size: Int
    /// Mean gap between clumps in milliseconds, exponentially distributed (`every_ms`).
    package var everyMilliseconds: Double

    /// Makes the bursts.
    package init(size: Int, everyMilliseconds: Double) {
        self.size = size
        self.everyMilliseconds = everyMilliseconds
    }
}

/// A whole number for each request.
package enum SizePlan: Sendable, Equatable {
    /// Always the same: `rows: 4`.
    case fixed(Int)
    /// Each equally likely: `{uniform: [1, 8]}`.
    case uniform(ClosedRange<Int>)
    /// Log-normal, rounded and cut to a range: `{log_normal: {median: 120, sigma: 0.8, min: 1, max: 512}}`.
    case logNormal(median: Double, sigma: Double, range: ClosedRange<Int>)
    /// One of several, by weight: `{choice: {128: 3, 512: 1}}`.
    case choice([WeightedSize])
}

/// A size and how often it comes.
package struct WeightedSize: Sendable, Equatable {
    /// The size.
    package var size: Int
    /// Its weight; weights need not sum to one.
    package var weight: Double

    /// Makes an entry.
    package init(size: Int, weight: Double) {
        self.size = size
        self.weight = weight
    }
}

/// Inputs that come again and again: what a cache of answers would catch. The report counts them; the
/// simulated server has no cache.
package struct PopularInputs: Sendable, Equatable {
    /// Part of the requests whose input is one of the popular ones (`share`).
    package var share: Double
    /// How many popular inputs there are; the k-th comes with a frequency of 1/k (`inputs`).
    package var inputs: Int

    /// Makes them.
    package init(share: Double, inputs: Int) {
        self.share = share
        self.inputs = inputs
    }
}

/// A tenant's part of the traffic.
package struct TenantShare: Sendable, Equatable {
    /// Its number, not 0 (`tenant`).
    package var tenant: UInt32
    /// Its part; parts need not sum to one (`share`).
    package var share: Double
    /// Its claim on device time relative to the others (`weight`).
    package var weight = 1.0

    /// Makes an entry.
    package init(tenant: UInt32, share: Double) {
        self.tenant = tenant
        self.share = share
    }
}

/// Recorded traffic. The shell reads the file and fills ``records`` in; the simulator opens nothing.
package struct TracePlan: Sendable, Equatable {
    /// Where it is, relative to the scenario file (`file`).
    package var file = ""
    /// How it is written (`format`).
    package var format = ""
    /// How much faster than recorded it is played (`speed`).
    package var speed = 1.0
    /// Whether it starts again at its end until the duration is over (`repeat`).
    package var repeats = false
    /// Tokens that each of the ``RecordedArrival/blocks`` stands for.
    package var tokensPerBlock = 512
    /// The requests, in order of time.
    package var records: [RecordedArrival] = []

    /// A plan without records.
    package init() {}
}

/// One request of recorded traffic.
package struct RecordedArrival: Sendable, Equatable {
    /// Milliseconds since the start of the recording.
    package var milliseconds: Double
    /// Rows that it adds to a batch.
    package var rows = 1
    /// Padded length of its input, 0 for none.
    package var length = 0
    /// Its class, or `nil` to draw one by share.
    package var classIndex: Int?
    /// Its tenant, 0 for none.
    package var tenant: UInt32 = 0
    /// Tokens of its answer; `nil` to draw them.
    package var outputTokens: Int?
    /// Names of the blocks that its input begins with: requests with equal blocks share a prefix.
    package var blocks: [UInt64] = []

    /// A request of one row.
    package init(milliseconds: Double) {
        self.milliseconds = milliseconds
    }
}
