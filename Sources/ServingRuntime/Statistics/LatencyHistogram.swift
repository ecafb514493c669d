package import ServingModel

/// Counts durations in fixed buckets, from 100 us to 60 s, for Prometheus.
package struct LatencyHistogram: Sendable, Equatable {
    /// Upper bounds in seconds, ascending; the last bucket is unbounded.
    package static let bounds: [Double] = [
        0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5,
        10, 30, 60,
    ]

    /// Samples in each bucket, not accumulated.
    package private(set) var counts = Array(repeating: UInt64(0), count: bounds.count + 1)

    /// Sum of all samples.
    package private(set) var sum = Interval.zero

    /// Number of samples.
    package private(set) var count: UInt64 = 0

    /// An empty histogram.
    package init() {}

    /// Counts one sample.
    package mutating func record(_ sample: Interval) {
        let seconds = sample.seconds
        let bucket = Self.bounds.firstIndex { seconds <= $0 } ?? Self.bounds.count
        counts[bucket] += 1
        sum = sum + sample
        count += 1
    }

    /// The samples that came after `earlier`, an older reading of the same histogram; all of them when it
    /// has begun anew since.
    package func since(_ earlier: LatencyHistogram) -> LatencyHistogram {
        var later = self
        guard count >= earlier.count else { return self }
        for index in counts.indices {
            later.counts[index] -= min(earlier.counts[index], counts[index])
        }
        later.count = later.counts.reduce(0, +)
        later.sum = sum - earlier.sum
        return later
    }

    /// The time that a `share` of the samples did not exceed, taken to be even within its bucket; `nil`
    /// without samples.
    package func quantile(_ share: Double) -> Interval? {
        guard count > 0 else { return nil }
        var missing = share * Double(count)
        for (index, inBucket) in counts.enumerated() where inBucket > 0 {
            guard missing > Double(inBucket), index < Self.bounds.count else {
                let lower = index > 0 ? Self.bounds[index - 1] : 0
                let upper = index < Self.bounds.count ? Self.bounds[index] : lower
                let part = min(max(missing / Double(inBucket), 0), 1)
                return Interval(milliseconds: (lower + (upper - lower) * part) * 1_000)
            }
            missing -= Double(inBucket)
        }
        return Interval(milliseconds: (Self.bounds.last ?? 0) * 1_000)
    }
}
