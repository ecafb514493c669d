package import ServingModel

/// What became of the requests of one class.
package struct ClassOutcome: Sendable, Equatable {
    /// Requests that came.
    package var arrived = 0
    /// Answered by their deadline.
    package var inTime = 0
    /// Answered after their deadline.
    package var late = 0
    /// Launched in a batch that failed.
    package var failed = 0
    /// Taken out by their client.
    package var cancelled = 0
    /// Latencies of all answered requests.
    package var latencies = LatencyHistogram()

    private var rejectedByReason = Array(repeating: 0, count: RejectReason.allCases.count)

    /// The outcome of no requests.
    package init() {}

    /// Rejected for one reason.
    package func rejected(_ reason: RejectReason) -> Int {
        RejectReason.allCases.firstIndex(of: reason).map { rejectedByReason[$0] } ?? 0
    }

    /// Rejected for any reason.
    package var rejected: Int { rejectedByReason.reduce(0, +) }

    /// Requests that have ended.
    package var ended: Int { inTime + late + failed + cancelled + rejected }

    /// Part of all requests that was answered in time.
    package var inTimeShare: Double { share(inTime) }

    /// Part of all requests that was rejected.
    package var rejectedShare: Double { share(rejected) }

    /// Part of all requests that was answered late.
    package var lateShare: Double { share(late) }

    /// Part of all requests that was rejected, failed or late: everything that broke its promise.
    package var errorShare: Double { share(rejected + late + failed) }

    /// The latency in milliseconds that `quantile` of the answered requests did not exceed.
    package func latency(quantile: Double) -> Double {
        latencies.milliseconds(quantile: quantile)
    }

    /// The same over all requests, a rejected one counting as infinitely slow.
    package func strictLatency(quantile: Double) -> Double {
        latencies.milliseconds(quantile: quantile, of: latencies.count + rejected + failed)
    }

    /// Mean latency of the answered requests in milliseconds.
    package var meanLatency: Double { latencies.meanMilliseconds }

    mutating func note(_ reason: RejectReason) {
        if let index = RejectReason.allCases.firstIndex(of: reason) { rejectedByReason[index] += 1 }
    }

    mutating func note(latency: Interval, isInTime: Bool) {
        latencies.add(latency)
        if isInTime { inTime += 1 } else { late += 1 }
    }

    /// The sums of two outcomes.
    package static func + (left: ClassOutcome, right: ClassOutcome) -> ClassOutcome {
        var sum = left
        sum.arrived += right.arrived
        sum.inTime += right.inTime
        sum.late += right.late
        sum.failed += right.failed
        sum.cancelled += right.cancelled
        sum.latencies.add(right.latencies)
        for index in sum.rejectedByReason.indices {
            sum.rejectedByReason[index] += right.rejectedByReason[index]
        }
        return sum
    }

    private func share(_ count: Int) -> Double {
        arrived == 0 ? 0 : Double(count) / Double(arrived)
    }
}
