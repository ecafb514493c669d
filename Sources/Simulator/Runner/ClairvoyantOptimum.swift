package import SchedulerCore
package import ServingModel

/// The most requests of a run that any schedule could have answered in time, computed with the whole
/// future in hand.
///
/// For one device without noise and requests whose deadlines come in the order of their arrivals there is
/// a best schedule whose batches are contiguous blocks in that order with drops between them: a batch that
/// ends with request `j` and holds `b` requests may as well hold the last `b`, which leave it most time.
/// So with `finish[j][k]` the earliest moment at which `k` of the first `j` are answered,
///
///     finish[j][k] = min(finish[j-1][k],
///                        min over b: max(finish[j-b][k-b], arrival[j]) + L(b), if <= deadline[j-b+1])
///
/// O(n² · batch) time and O(n²) memory: for runs of a few thousand requests.
package struct ClairvoyantOptimum: Sendable {
    /// Requests of the run.
    package let requests: Int
    /// The most that can be answered in time.
    package private(set) var served = 0

    /// Part of the requests that can be answered in time.
    package var servedShare: Double { requests == 0 ? 1 : Double(served) / Double(requests) }

    /// Solves a run: times of arrival with deadlines, in order.
    package init(
        device: DeviceModel, arrivals: [(at: Instant, arrival: Arrival)], maxBatch: Int
    ) {
        let count = arrivals.count
        requests = count
        precondition(count <= 5_000, "an optimum over \(count) requests is out of reach")
        let times = arrivals.map { Double($0.at.nanoseconds) }
        let deadlines = arrivals.map { Double($0.arrival.deadline.nanoseconds) }
        precondition(
            zip(deadlines, deadlines.dropFirst()).allSatisfy(<=),
            "deadlines do not come in the order of arrivals")
        let costs = (0...max(count, 1)).map { device.mean(rows: $0) * 1_000_000 }
        let width = count + 1
        var finish = [Double](repeating: .infinity, count: width * width)
        finish[0] = 0
        for end in stride(from: 1, through: count, by: 1) {
            for number in 0...end {
                var best = finish[(end - 1) * width + number]
                for batch in stride(from: 1, through: min(number, maxBatch), by: 1) {
                    let before = finish[(end - batch) * width + number - batch]
                    guard before.isFinite else { continue }
                    let done = max(before, times[end - 1]) + costs[batch]
                    if done <= deadlines[end - batch] { best = min(best, done) }
                }
                finish[end * width + number] = best
            }
        }
        served = (0...count).last { finish[count * width + $0].isFinite } ?? 0
    }
}

extension Stimulus {
    /// The arrival and its time; `nil` for anything else.
    package var arrival: (at: Instant, arrival: Arrival)? {
        if case .arrive(let arrival) = kind { (at, arrival) } else { nil }
    }
}
