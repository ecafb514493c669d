internal import ControlCore
internal import SchedulerCore
internal import ServingModel

extension NaiveScheduler.Decision {
    typealias Waiting = NaiveScheduler.Waiting

    /// Who rides, in the order of boarding.
    mutating func riders() -> [Waiting] {
        var riders: [Waiting] = []
        for index in queues.indices where !queues[index].isEmpty {
            let boarded = rows(of: riders)
            let deadlines = riders.map { self.slack(until: $0.arrival.deadline) }
            let slack = deadlines.min() ?? .never
            let cap = min(cap(for: index), latency.rows(within: slack))
            let room = cap - boarded - reserved[(index + 1)...].reduce(0, +)
            guard room > 0 else { continue }
            let choice = boarding(index, after: boarded, room: room)
            guard choice.rows > 0 else { continue }
            let isContended = choice.rows < rows(of: queues[index]) && hasRivals(index)
            riders +=
                isContended
                ? fair(choice, index) : charge(prefix(of: choice.from, rows: choice.rows))
        }
        if riders.isEmpty {
            let everyone = queues.joined()
            let earliest = everyone.min {
                ($0.key, $0.sequence) < ($1.key, $1.sequence)
            }
            return charge(earliest.map { [$0] } ?? [])
        }
        for others in otherLengths where joins(others, riders) {
            riders += charge(others.flatMap { $0 })
        }
        return riders
    }

    /// Most rows of a batch with work of a class: no more important one may wait too long for it.
    func cap(for index: Int) -> Int {
        (0..<index).filter { rates[$0] > 0.0001 }
            .map { max(latency.rows(within: patience[$0]), floorRows) }
            .reduce(maxRows, min)
    }

    /// So many rows from the front of a list.
    struct Choice {
        var rows: Int
        var from: [Waiting]
    }

    /// Whether several accounts compete for the places of a class.
    private func hasRivals(_ index: Int) -> Bool {
        hasTenants && Set(queues[index].map(\.account)).count > 1
    }

    /// Charges those that ride, in order.
    private mutating func charge(_ riders: [Waiting]) -> [Waiting] {
        for rider in riders { charge(rider) }
        return riders
    }

    mutating func charge(_ rider: Waiting) {
        guard hasTenants else { return }
        let index = rider.classIndex
        served[index] = max(served[index], accounts[rider.account].used[index])
        accounts[rider.account].used[index] +=
            latency.perRow * Double(rider.size) / accounts[rider.account].weight
    }

    /// Again and again the most urgent one of the account that is furthest behind; an account whose next
    /// one does not fit is out.
    private mutating func fair(_ choice: Choice, _ index: Int) -> [Waiting] {
        var left = choice.from
        var riders: [Waiting] = []
        while true {
            let next = left.enumerated().min { one, other in
                let (a, b) = (accounts[one.element.account], accounts[other.element.account])
                return (a.used[index], a.tenant, a.modality, one.offset)
                    < (b.used[index], b.tenant, b.modality, other.offset)
            }
            let own = riders.reduce(0) { $0 + $1.size }
            guard let next, own < choice.rows else { return riders }
            if rows(of: riders) + next.element.size > choice.rows {
                left.removeAll { $0.account == next.element.account }
            } else {
                charge(next.element)
                riders.append(next.element)
                left.remove(at: next.offset)
            }
        }
    }

    private func boarding(_ index: Int, after boarded: Int, room: Int) -> Choice {
        let queue = queues[index]
        let waiting = rows(of: queue)
        let wanted = min(waiting, room)
        if index > 0, overloaded[index], !hasRivals(index) {
            return newest(queue, after: boarded, wanted: wanted)
        }
        let headSlack = slack(of: queue[0])
        if latency.latency(rows: boarded + wanted) <= headSlack {
            return Choice(rows: rounded(wanted, after: boarded), from: queue)
        }
        let short = latency.rows(within: headSlack) - boarded
        if short > 0 {
            let rate = rates[...index].reduce(0, +)
            let took = latency.latency(rows: boarded + short)
            let next = request(queue, atRow: short).map { slack(of: $0) - took } ?? .zero
            let remaining = Double(waiting - short) + rate * took.milliseconds
            if latency.throughput(rows: boarded + short) >= rate
                || isYoungBurst(boarded + short)
                || Double(latency.rows(within: next)) >= remaining
            {
                return Choice(rows: rounded(short, after: boarded), from: queue)
            }
        }
        let needed = rowsKeepingUp(index)
        if short > 0, boarded + short >= needed {
            return Choice(rows: rounded(short, after: boarded), from: queue)
        }
        let most = hasRivals(index) ? min(needed, deadlineRows) : needed
        return crossing(queue, after: boarded, wanted: min(wanted, max(most - boarded, 1)))
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
    private func crossing(_ queue: [Waiting], after boarded: Int, wanted: Int) -> Choice {
        var largest = 0
        for rows in stride(from: 1, through: wanted, by: 1)
        where self.rows(of: due(queue, batch: boarded + rows)) >= rows {
            largest = rows
        }
        let rows = rounded(largest, after: boarded)
        return Choice(rows: rows, from: due(queue, batch: boarded + rows))
    }

    /// Overload that may soon be over, and a batch that is nearly as efficient as the best.
    private func isYoungBurst(_ rows: Int) -> Bool {
        guard let burst else { return false }
        let best = latency.throughput(rows: deadlineRows)
        return latency.throughput(rows: rows) >= burst.minEfficiency * best
            && shed < burst.youngShare * rates.reduce(0, +)
    }

    private func due(_ queue: [Waiting], batch rows: Int) -> [Waiting] {
        let end = now + latency.latency(rows: rows) + guardInterval
        return queue.filter { $0.key >= end }
    }

    private func newest(_ queue: [Waiting], after boarded: Int, wanted: Int) -> Choice {
        let waiting = rows(of: queue)
        var largest = 0
        for rows in stride(from: 1, through: wanted, by: 1) {
            guard let tightest = request(queue, atRow: waiting - rows) else { continue }
            if latency.latency(rows: boarded + rows) <= slack(of: tightest) { largest = rows }
        }
        var riders: [Waiting] = []
        for candidate in queue.reversed() {
            guard rows(of: riders) + candidate.size <= largest else { break }
            riders.insert(candidate, at: 0)
        }
        return Choice(rows: rows(of: riders), from: riders)
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

    func rows(of requests: [Waiting]) -> Int {
        requests.reduce(0) { $0 + $1.size }
    }

    private func prefix(of requests: [Waiting], rows limit: Int) -> [Waiting] {
        var taken: [Waiting] = []
        for request in requests {
            guard rows(of: taken) + request.size <= limit else { break }
            taken.append(request)
        }
        return taken
    }

    func request(_ queue: [Waiting], atRow row: Int) -> Waiting? {
        var passed = 0
        for request in queue {
            passed += request.size
            if row < passed { return request }
        }
        return nil
    }

    func slack(of request: Waiting) -> Interval {
        slack(until: request.key)
    }

    func slack(until deadline: Instant) -> Interval {
        deadline == .distantFuture ? .never : now.interval(to: deadline) - guardInterval
    }
}
