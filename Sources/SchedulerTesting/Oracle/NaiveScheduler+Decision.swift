internal import ControlCore
internal import SchedulerCore
internal import ServingModel

extension NaiveScheduler.Decision {
    typealias Waiting = NaiveScheduler.Waiting

    /// Who rides, in the order of boarding.
    func riders() -> [Waiting] {
        var riders: [Waiting] = []
        for index in queues.indices where !queues[index].isEmpty {
            let boarded = rows(of: riders)
            let slack = riders.map { self.slack(of: $0) }.min() ?? .never
            let cap = min(cap(for: index), latency.rows(within: slack))
            let room = cap - boarded - reserved[(index + 1)...].reduce(0, +)
            if room > 0 { riders += boarding(index, after: boarded, room: room) }
        }
        if riders.isEmpty {
            let everyone = queues.joined()
            let earliest = everyone.min {
                ($0.arrival.deadline, $0.sequence) < ($1.arrival.deadline, $1.sequence)
            }
            return earliest.map { [$0] } ?? []
        }
        return riders
    }

    /// Whether the variant makes the tightest head with all that would ride, and leaves time for those
    /// that come meanwhile.
    var suffices: Bool {
        var riding = 0
        for index in queues.indices where !queues[index].isEmpty {
            riding = max(riding, min(riding + rows(of: queues[index]), cap(for: index)))
            riding = max(riding, queues[index][0].arrival.rows)
        }
        let took = latency.latency(rows: riding)
        let heads = queues.compactMap(\.first).map { slack(of: $0) }
        guard took <= heads.min() ?? .never else { return false }
        let arriving = rates.reduce(0, +) / Double(serving) * took.milliseconds
        let next = latency.latency(rows: Int(min(arriving, 1e9)))
        return took + next <= tightest - guardInterval
    }

    /// Most rows of a batch with work of a class: no more important one may wait too long for it.
    private func cap(for index: Int) -> Int {
        (0..<index).filter { rates[$0] > 0.0001 }
            .map { max(latency.rows(within: patience[$0]), floorRows) }
            .reduce(maxRows, min)
    }

    private func boarding(_ index: Int, after boarded: Int, room: Int) -> [Waiting] {
        let queue = queues[index]
        let waiting = rows(of: queue)
        let wanted = min(waiting, room)
        if index > 0, overloaded[index] {
            return newest(queue, after: boarded, wanted: wanted)
        }
        let headSlack = slack(of: queue[0])
        if latency.latency(rows: boarded + wanted) <= headSlack {
            return prefix(of: queue, rows: rounded(wanted, after: boarded))
        }
        let short = latency.rows(within: headSlack) - boarded
        if short > 0 {
            let rate = rates[...index].reduce(0, +)
            let took = latency.latency(rows: boarded + short)
            let next = request(queue, atRow: short).map { slack(of: $0) - took } ?? .zero
            let remaining = Double(waiting - short) + rate * took.milliseconds
            if latency.throughput(rows: boarded + short) >= rate
                || Double(latency.rows(within: next)) >= remaining
            {
                return prefix(of: queue, rows: rounded(short, after: boarded))
            }
        }
        let needed = rowsKeepingUp(index)
        if short > 0, boarded + short >= needed {
            return prefix(of: queue, rows: rounded(short, after: boarded))
        }
        return crossing(queue, after: boarded, wanted: min(wanted, max(needed - boarded, 1)))
    }

    /// A tenth more than the smallest batch that keeps up with the recent traffic, if there is one.
    private func rowsKeepingUp(_ index: Int) -> Int {
        let counted = recentRates[...index].reduce(0, +)
        let rate = (counted + (counted / recentWindow).squareRoot()) / Double(serving)
        guard rate * latency.perRow * latency.margin < 1 else { return .max }
        let rows = Int(min((1.1 * latency.stableRows(rate: rate)).rounded(.up), 1e9))
        return max((rows + latency.tile - 1) / latency.tile * latency.tile, 1)
    }

    /// The largest number of rows for which so many are due late enough; found by trying all.
    private func crossing(_ queue: [Waiting], after boarded: Int, wanted: Int) -> [Waiting] {
        var largest = 0
        for rows in stride(from: 1, through: wanted, by: 1)
        where self.rows(of: due(queue, batch: boarded + rows)) >= rows {
            largest = rows
        }
        guard largest > 0 else { return [] }
        let rows = rounded(largest, after: boarded)
        return prefix(of: due(queue, batch: boarded + rows), rows: rows)
    }

    private func due(_ queue: [Waiting], batch rows: Int) -> [Waiting] {
        let end = now + latency.latency(rows: rows) + guardInterval
        return queue.filter { $0.arrival.deadline >= end }
    }

    private func newest(_ queue: [Waiting], after boarded: Int, wanted: Int) -> [Waiting] {
        let waiting = rows(of: queue)
        var largest = 0
        for rows in stride(from: 1, through: wanted, by: 1) {
            guard let tightest = request(queue, atRow: waiting - rows) else { continue }
            if latency.latency(rows: boarded + rows) <= slack(of: tightest) { largest = rows }
        }
        var riders: [Waiting] = []
        for candidate in queue.reversed() {
            guard rows(of: riders) + candidate.arrival.rows <= largest else { break }
            riders.insert(candidate, at: 0)
        }
        return riders
    }

    private func rounded(_ rows: Int, after boarded: Int) -> Int {
        let tile = latency.tile
        guard tile > 1, rates.reduce(0, +) > 0.5 * latency.throughput(rows: deadlineRows) else {
            return rows
        }
        let whole = (boarded + rows) / tile * tile
        guard whole > boarded, whole >= tile,
            latency.throughput(rows: whole) > latency.throughput(rows: boarded + rows)
        else { return rows }
        return whole - boarded
    }

    // MARK: Rows

    private func rows(of requests: [Waiting]) -> Int {
        requests.reduce(0) { $0 + $1.arrival.rows }
    }

    private func prefix(of requests: [Waiting], rows limit: Int) -> [Waiting] {
        var taken: [Waiting] = []
        for request in requests {
            guard rows(of: taken) + request.arrival.rows <= limit else { break }
            taken.append(request)
        }
        return taken
    }

    private func request(_ queue: [Waiting], atRow row: Int) -> Waiting? {
        var passed = 0
        for request in queue {
            passed += request.arrival.rows
            if row < passed { return request }
        }
        return nil
    }

    private func slack(of request: Waiting) -> Interval {
        request.arrival.deadline == .distantFuture
            ? .never : now.interval(to: request.arrival.deadline) - guardInterval
    }
}
