internal import ControlCore
internal import SchedulerCore
internal import ServingModel

extension NaiveScheduler {
    /// Whether the request makes its deadline when all that goes before it is computed in full batches.
    func fits(
        _ request: Waiting, _ latency: LatencyModel, startingAt start: Instant, at now: Instant
    ) -> Bool {
        guard configuration.fastFail == .tail, request.arrival.deadline != .distantFuture else {
            return true
        }
        let above = waiting.filter { $0.classIndex < request.classIndex }
        let earlier = waiting.filter { other in
            other.classIndex == request.classIndex
                && other.key <= request.key
        }
        let before = above.reduce(0) { $0 + $1.size } + fairRows(before: request, among: earlier)
        let patience = (traffic[request.classIndex].tightest - configuration.guardInterval) / 2
        let batch = min(max(latency.rows(within: patience), 1), maxBatchSize)
        let serving = max(seats.filter(\.isInService).count, 1)
        var left = (before + serving - 1) / serving
        var end = start + configuration.guardInterval
        while left >= batch {
            end = end + latency.latency(rows: batch)
            left -= batch
        }
        let waits = start > now || (before + serving - 1) / serving >= batch
        let longest = latency.throughput(rows: maxBatchSize)
        let isLong = longest <= Scheduler.worthGrowing * latency.throughput(rows: batch)
        let isAlone =
            waiting.allSatisfy { $0.queue == request.queue }
            && shapes.allSatisfy { $0.queue == request.queue || $0.running == 0 }
        let keepingUp =
            waits && isLong && isAlone
            ? rowsKeepingUp(request.classIndex, latency, serving, at: now) : 0
        let companions = max(left + request.size, min(keepingUp, batch))
        let last = min(companions, max(batch, request.size))
        return end + latency.latency(rows: last) <= request.arrival.deadline
    }

    /// The smallest batch that keeps up with the lower of two rates of a class and those above it.
    private func rowsKeepingUp(
        _ index: Int, _ latency: LatencyModel, _ serving: Int, at now: Instant
    ) -> Int {
        let sums = [
            traffic[...index].reduce(0) { $0 + $1.arrivals.value(at: now) },
            traffic[...index].reduce(0) { $0 + $1.recent.value(at: now) },
        ]
        let rate = (sums.min() ?? 0) / Double(serving)
        guard rate * latency.perRow * latency.margin < 1 else { return .max }
        return Int(latency.stableRows(rate: rate).rounded(.up))
    }
}
