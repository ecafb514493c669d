internal import ControlCore
internal import SchedulerCore
internal import ServingModel

/// Batches whose rows are all padded to the longest.
extension NaiveScheduler.Decision {
    private func padding(_ riders: [Waiting]) -> (units: Int, wasted: Int) {
        let longest = riders.map(\.queue.length).max() ?? 0
        let units = riders.reduce(0) { $0 + $1.arrival.rows } * longest
        return (units, units - rows(of: riders))
    }

    /// Whether all that waits with another length, by class, may join: everybody stays in time, and the
    /// padding takes no longer than the fixed part of a batch.
    func joins(_ others: [[Waiting]], _ riders: [Waiting]) -> Bool {
        let all = riders + others.joined()
        let lowest = all.map(\.classIndex).max() ?? 0
        let (units, wasted) = padding(all)
        let more = wasted - padding(riders).wasted
        let slacks =
            riders.map { slack(until: $0.arrival.deadline) }
            + others.compactMap(\.first).map { slack(of: $0) }
        let most = (0..<lowest).filter { rates[$0] > 0.0001 }
            .map { max(latency.rows(within: patience[$0]), floorRows) }
            .reduce(serving > 1 ? min(maxRows, maxUnits) : maxUnits, min)
        return all.reduce(0) { $0 + $1.arrival.rows } <= maxItems && units <= most
            && latency.latency(rows: units) <= slacks.min() ?? .never
            && 2 * Double(more) * latency.perRow <= latency.base
    }
}

extension NaiveScheduler {
    /// What waits with other lengths of the same shape, by length and class; empty where none may join.
    func otherLengths(_ shape: Int) -> [[[Waiting]]] {
        guard configuration.lengths?.mergesLengths == true else { return [] }
        let own = shapes[shape].queue
        let others = shapes.map(\.queue).filter {
            $0 != own && $0.shape == own.shape && $0.isExact == own.isExact
        }
        var all: [[[Waiting]]] = []
        for queue in others {
            var byClass: [[Waiting]] = []
            for index in configuration.classes.indices {
                let members = waiting.filter { $0.classIndex == index && $0.queue == queue }
                byClass.append(members.sorted { precedes($0, $1) })
            }
            if byClass.contains(where: { !$0.isEmpty }) { all.append(byClass) }
        }
        return all
    }
}
