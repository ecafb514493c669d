internal import ServingModel

/// How many tokens requests will produce.
///
/// Clients that say so err, all in their own way, and most say nothing. So the scheduler learns two things
/// from requests that have finished: the mean of each class, which stands in for a hint, and for hinted and
/// other requests apart the 60 % quantile of produced over expected, by which expectations are corrected. A
/// little more than the median: memory that was reserved and not needed costs less than pre-emption.
struct LengthPredictor {
    private struct Average {
        var mean = 256.0
        var count = 0
    }

    private struct Quantile {
        var value = 1.0
        var count = 0

        /// A step towards the quantile (Robbins and Monro, 1951), relative to its own size.
        mutating func note(_ ratio: Double) {
            let pace = count < 100 ? 0.1 : 0.03
            value *=
                1
                + (ratio > value
                    ? pace * LengthPredictor.level : -pace * (1 - LengthPredictor.level))
            value = min(max(value, 0.05), 20)
            count += 1
        }
    }

    private static let level = 0.6
    /// Memory of the means, in requests.
    private static let memory = 128

    private var means: ContiguousArray<Average>
    private var hinted = Quantile()
    private var guessed = Quantile()

    init(classes: Int) {
        means = ContiguousArray(repeating: Average(), count: classes)
    }

    /// What a request of a class without a hint is expected to produce.
    func guess(of priorityClass: Int, most: Int) -> Double {
        min(means[priorityClass].mean, Double(most))
    }

    /// Tokens that a request will produce yet: at least eight as long as its limit allows so many, because
    /// one that has outlived every expectation does not end at once.
    func rest(_ entry: GenerationEntry) -> Int {
        let quantile = entry.isHinted ? hinted.value : guessed.value
        let expected = Int((entry.expectedTokens * quantile).rounded(.up)) - entry.generated
        return min(max(expected, 8), entry.maxNewTokens - entry.generated)
    }

    /// Learns from a request that has finished.
    mutating func note(_ entry: GenerationEntry) {
        let produced = Double(max(entry.generated, 1))
        let ratio = produced / max(entry.expectedTokens, 1)
        if entry.isHinted { hinted.note(ratio) } else { guessed.note(ratio) }
        var average = means[entry.priorityClass]
        average.count = min(average.count + 1, Self.memory)
        average.mean += (produced - average.mean) / Double(average.count)
        means[entry.priorityClass] = average
    }
}
