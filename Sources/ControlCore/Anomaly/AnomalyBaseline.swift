/// What is usual for one figure, learnt from the figure itself, and how unusual it is of late.
///
/// Two exponentially weighted means of the same samples: a long one with its variance, which is the
/// baseline, and one over the last few samples. Their distance, in standard deviations of such a short
/// mean, is the deviation; what is far beyond the baseline moves it only as far as three standard
/// deviations would, so that an anomaly does not soon become the custom. Single outliers are cut off at
/// six: one stall is no anomaly, several in a row are.
///
/// A figure that is multiplied rather than added to, such as a latency or a rate, goes in as its
/// ``logarithm(_:)``. Only upward deviations count.
package struct AnomalyBaseline: Sendable, Equatable {
    /// Samples that the baseline remembers.
    package let memory: Double
    /// Samples that count as late.
    package let recent: Double
    /// The standard deviation is never taken to be less.
    package let leastDeviation: Double
    /// Samples before anything is called unusual.
    package let warmUp: Int

    private var mean = 0.0
    private var variance = 0.0
    private var short = 0.0
    private var count = 0

    /// A baseline that has seen nothing.
    package init(
        memory: Double = 500, recent: Double = 6, leastDeviation: Double = 0.05, warmUp: Int = 50
    ) {
        precondition(memory > recent && recent >= 1, "\(memory) samples for \(recent) recent ones")
        self.memory = memory
        self.recent = recent
        self.leastDeviation = leastDeviation
        self.warmUp = warmUp
    }

    /// The standard deviation of one sample.
    private var spread: Double { max(variance.squareRoot(), leastDeviation) }

    /// Takes one sample in.
    package mutating func observe(_ sample: Double) {
        guard count > 0 else {
            mean = sample
            short = sample
            variance = leastDeviation * leastDeviation
            count = 1
            return
        }
        let distance = sample - mean
        short += (Self.clipped(distance, 6 * spread) + mean - short) / recent
        let step = 1 / min(memory, Double(count + 1))
        let usual = Self.clipped(distance, 3 * spread)
        mean += step * usual
        variance += step * (usual * usual - variance)
        count += 1
    }

    private static func clipped(_ distance: Double, _ limit: Double) -> Double {
        min(max(distance, -limit), limit)
    }

    /// By how many of its standard deviations the mean of late is above the baseline; 0 while too little
    /// is known.
    package var deviation: Double {
        guard count >= warmUp else { return 0 }
        return (short - mean) / (spread * (1 / (2 * recent - 1)).squareRoot())
    }

    /// How certain it is that something is wrong: 0 up to two standard deviations, 1 from four on.
    package var score: Double { min(max((deviation - 2) / 2, 0), 1) }

    /// Forgets the late samples, and keeps the baseline.
    package mutating func calm() { short = mean }
}
