package import ServingModel

/// Counts of intervals in buckets whose width grows with the value, in the manner of HdrHistogram (Gil
/// Tene): 256 equal buckets in every doubling.
///
/// A quantile is the middle of its bucket, which is within 0.2 % of the exact value; below 512 ns it is
/// exact. Memory does not depend on how many values are counted: at most 115 KB, usually half of that.
/// Mean, least and greatest are exact.
package struct LatencyHistogram: Sendable, Equatable {
    /// Values counted.
    package private(set) var count = 0
    /// The greatest value, zero when there is none.
    package private(set) var greatest = Interval.zero

    private var total = 0.0
    private var buckets: [Int] = []

    /// Largest relative distance between a quantile and the value of its rank.
    package static let relativeError = 1.0 / 512

    private static let precisionBits = 8

    /// The histogram of no values.
    package init() {}

    /// Counts one value.
    package mutating func add(_ value: Interval) {
        let index = Self.bucket(of: value.nanoseconds)
        if index >= buckets.count {
            // Whole doublings at a time: a run grows the array a few times, not once per value.
            let target = (index / 256 + 1) * 256
            buckets.append(contentsOf: repeatElement(0, count: target - buckets.count))
        }
        buckets[index] += 1
        count += 1
        total += Double(value.nanoseconds)
        greatest = max(greatest, value)
    }

    /// The mean of all values in milliseconds, 0 when there is none.
    package var meanMilliseconds: Double { count == 0 ? 0 : total / Double(count) / 1_000_000 }

    /// The value in milliseconds that `quantile` of the values do not exceed (nearest rank), 0 when there
    /// is none.
    package func milliseconds(quantile: Double) -> Double {
        guard count > 0 else { return 0 }
        return milliseconds(rank: Self.rank(quantile, of: count))
    }

    /// The same over `population` values, those that are missing counting as infinitely large.
    package func milliseconds(quantile: Double, of population: Int) -> Double {
        guard population > 0 else { return 0 }
        let rank = Self.rank(quantile, of: population)
        return rank < count ? milliseconds(rank: rank) : .infinity
    }

    /// How many of the values are at most `limit`, to the width of a bucket.
    package func count(upTo limit: Interval) -> Int {
        buckets.prefix(Self.bucket(of: limit.nanoseconds) + 1).reduce(0, +)
    }

    /// The sum of two histograms.
    package mutating func add(_ other: LatencyHistogram) {
        if other.buckets.count > buckets.count {
            buckets.append(contentsOf: repeatElement(0, count: other.buckets.count - buckets.count))
        }
        for index in other.buckets.indices { buckets[index] += other.buckets[index] }
        count += other.count
        total += other.total
        greatest = max(greatest, other.greatest)
    }

    private func milliseconds(rank: Int) -> Double {
        var before = 0
        for (index, number) in buckets.enumerated() {
            before += number
            if before > rank { return Self.middle(of: index) / 1_000_000 }
        }
        return greatest.milliseconds
    }

    /// Nearest rank, counted from 0.
    private static func rank(_ quantile: Double, of count: Int) -> Int {
        min(max(Int((quantile * Double(count)).rounded(.up)) - 1, 0), count - 1)
    }

    private static func bucket(of value: UInt64) -> Int {
        let shift = max(64 - value.leadingZeroBitCount - precisionBits - 1, 0)
        return (shift << precisionBits) + Int(value >> UInt64(shift))
    }

    private static func middle(of bucket: Int) -> Double {
        let shift = max((bucket >> precisionBits) - 1, 0)
        let least = UInt64(bucket - shift << precisionBits) << UInt64(shift)
        return Double(least) + Double((UInt64(1) << UInt64(shift)) - 1) / 2
    }
}
