internal import ControlCore
internal import ServingModel

extension NaiveScheduler.Decision {
    /// Whether the variant makes the tightest head with all that would ride, and, if it went on, all who
    /// wait behind them or come meanwhile.
    var suffices: Bool {
        var riding = 0
        for index in queues.indices where !queues[index].isEmpty {
            riding = max(riding, min(riding + rows(of: queues[index]), cap(for: index)))
            riding = max(riding, queues[index][0].size)
        }
        let took = latency.latency(rows: riding)
        let heads = queues.compactMap(\.first).map { slack(of: $0) }
        guard took <= heads.min() ?? .never else { return false }
        return queues.indices.allSatisfy { index in
            let before = waitingRows[..<index].reduce(0, +)
            let behind = max(before + waitingRows[index] - riding, 0)
            let arriving = rates[...index].reduce(0, +) * took.milliseconds
            let newcomers = took + time(for: behind + Int(min(arriving, 1e9)))
            guard rates[index] <= 0.0001 || newcomers <= tightest[index] - guardInterval else {
                return false
            }
            return headsOfLaterBatches(behind).allSatisfy { batch, ahead in
                let row = riding + ahead - before
                guard row >= 0, let head = request(queues[index], atRow: row) else {
                    return true
                }
                return took + time(for: min(batch * maxRows * serving, behind))
                    <= slack(of: head)
            }
        }
    }

    /// The first, second, fourth … batch after the present one, and the rows that go before each.
    private func headsOfLaterBatches(_ behind: Int) -> [(batch: Int, ahead: Int)] {
        let batches = sequence(first: 1) { $0 * 2 }
        let heads = batches.lazy.map { (batch: $0, ahead: ($0 - 1) * self.maxRows * self.serving) }
        return Array(heads.prefix { $0.ahead < behind })
    }

    private func time(for rows: Int) -> Interval {
        let together = maxRows * serving
        let rest = (rows % together + serving - 1) / serving
        let last = rest == 0 ? .zero : latency.latency(rows: rest)
        return latency.latency(rows: maxRows) * UInt64(rows / together) + last
    }
}
