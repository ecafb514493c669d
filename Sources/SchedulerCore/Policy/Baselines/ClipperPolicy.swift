internal import ControlCore
internal import ServingModel

/// `clipper`: the batch size follows from the slack of the most urgent request.
///
/// Source: ucbrise/clipper, `src/libclipper/src/containers.cpp` (`ModelContainer`) and
/// `include/clipper/task_executor.hpp` (`ModelQueue`). As coded there: tasks wait by deadline; those whose
/// deadline has passed are dropped when a batch is formed; a free container never waits. The batch size
/// is a function of 0.92 times the slack of the head: a ridge regression of sizes on latencies, each
/// size counting with its mean plus three pooled standard deviations. With more slack than the longest
/// latency seen so far, the container explores instead: one row more up to 10 rows, beyond that
/// `1 + N(0.1, 0.05)` times the largest batch so far, and only once that was seen 30 times.
///
/// The consequence at overload: the head is always nearly due, its slack allows ever smaller batches,
/// and throughput falls to that of single rows.
///
/// Ours differs: with ``ClipperSettings/isPretrained`` the estimator starts from points of the
/// configuration's profile; the regression is renewed every 20 batches, not after each one in the
/// background, and its negligible regularisation is left out; the exploration draws from a seeded
/// generator, a sum of twelve uniform numbers for the normal one.
struct ClipperPolicy: BaselinePolicy {
    let order = QueueOrder.deadline
    private let settings: ClipperSettings
    private let maxRows: Int

    /// Count, mean and sum of squared deviations of the latencies of one size, in milliseconds.
    private struct Samples {
        var count = 0.0
        var mean = 0.0
        var squares = 0.0
    }

    /// By rows; batches beyond the table teach the longest latency only.
    private var samples: [Samples]
    private static let tableRows = 4_096

    /// The fitted line: rows per millisecond, and rows at no time.
    private var slope = 0.0
    private var offset = 1.0
    private var longest = 0.0
    private var largest = 1
    private var batchesSinceFit = 0
    private var random: UInt64

    init(_ settings: ClipperSettings, _ configuration: SchedulerConfiguration) {
        self.settings = settings
        maxRows = configuration.maxRows(settings.maxBatch)
        random = settings.seed
        samples = Array(repeating: Samples(), count: min(maxRows, Self.tableRows) + 1)
        guard settings.isPretrained else { return }
        // The promise lies above the mean by the 95 % quantile of the noise.
        let deviation = (configuration.latency.margin - 1) / 1.645
        var rows = 1
        while rows < samples.count {
            let mean = configuration.latency.profile(rows: rows)
            let count = Double(settings.minimumSamples)
            let squares = (count - 1) * mean * mean * deviation * deviation
            samples[rows] = Samples(count: count, mean: mean, squares: squares)
            rows *= 2
        }
        longest = configuration.latency.profile(rows: maxRows)
        largest = maxRows
        fit()
    }

    mutating func decide(
        _ scheduler: borrowing Scheduler, bucket: Int, hasIdle: Bool, at now: Instant
    ) -> BaselineDecision {
        let deadline = scheduler.firstRequest(bucket).deadline
        if deadline <= now { return .giveUpFirst(queue: 0) }
        let budget = settings.budgetDecay * now.interval(to: deadline).milliseconds
        let rows = min(budget > longest ? explore() : estimate(budget), maxRows)
        largest = max(largest, rows)
        return .launch(rows: rows)
    }

    private func estimate(_ budget: Double) -> Int {
        let rows = (slope * budget + offset).rounded(.down)
        return Int(min(max(rows, 1), Double(maxRows)))
    }

    private mutating func explore() -> Int {
        if largest < samples.count, samples[largest].count > 0,
            samples[largest].count < Double(settings.minimumSamples)
        {
            return largest
        }
        if largest < settings.additiveUntil { return largest + 1 }
        let growth = max(0, settings.exploreMean + settings.exploreDeviation * draw())
        return Int(min((1 + growth) * Double(largest), Double(maxRows)))
    }

    mutating func observe(_ batch: FinishedBatch) {
        let took = batch.took.milliseconds
        longest = max(longest, took)
        if batch.rows < samples.count {
            // Welford's update.
            samples[batch.rows].count += 1
            let delta = took - samples[batch.rows].mean
            samples[batch.rows].mean += delta / samples[batch.rows].count
            samples[batch.rows].squares += delta * (took - samples[batch.rows].mean)
        }
        batchesSinceFit += 1
        guard batchesSinceFit >= settings.fitEvery else { return }
        batchesSinceFit = 0
        fit()
    }

    private mutating func fit() {
        var squares = 0.0
        var freedom = 0.0
        var points = 0.0
        var meanRows = 0.0
        var meanTook = 0.0
        for (rows, sample) in samples.enumerated() where sample.count > 0 {
            points += 1
            meanRows += Double(rows)
            meanTook += sample.mean
            if sample.count >= Double(settings.minimumSamples) {
                squares += sample.squares
                freedom += sample.count - 1
            }
        }
        guard points > 1 else { return }
        let margin = settings.deviations * (squares / max(freedom, 1)).squareRoot()
        meanRows /= points
        meanTook /= points
        var variance = 0.0
        var covariance = 0.0
        for (rows, sample) in samples.enumerated() where sample.count > 0 {
            variance += (sample.mean - meanTook) * (sample.mean - meanTook)
            covariance += (sample.mean - meanTook) * (Double(rows) - meanRows)
        }
        guard variance > 0 else { return }
        slope = covariance / variance
        offset = meanRows - slope * (meanTook + margin)
    }

    /// About normally distributed with mean 0 and deviation 1, from SplitMix64 (Steele, Lea, Flood, 2014).
    private mutating func draw() -> Double {
        var sum = -6.0
        for _ in 0..<12 {
            random &+= 0x9E37_79B9_7F4A_7C15
            var z = random
            z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
            z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
            sum += Double((z ^ (z >> 31)) >> 11) * 0x1p-53
        }
        return sum
    }
}
