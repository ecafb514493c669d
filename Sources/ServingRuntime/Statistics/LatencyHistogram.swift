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
}
