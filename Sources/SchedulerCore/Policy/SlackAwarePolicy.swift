internal import ControlCore
internal import ServingModel

/// SWB, slack-aware work-conserving batching: who rides the batch that starts now.
///
/// Classes board in order of importance, each in deadline order, as long as the batch stays short
/// enough for everybody on board. Three caps keep it short: the tightest slack on board; for lesser
/// classes half of each more important class's deadline, so that a newcomer of that class never waits
/// longer than that for a batch with lesser work; and, with several instances, each instance's share of
/// the traffic, so that the first free one does not swallow the queue.
///
/// When not all waiting work of a class fits its head's slack there are two ways: *split* (a short
/// batch now that saves the head, the rest in the next), taken when the rest will still be in time or
/// when the short batch sustains the arrival rate; else *cross* (give the head up and take the largest
/// batch whose members all make it), because serving doomed heads with ever shorter batches is how
/// overload turns into collapse.
///
/// The rules and their figures are in `docs/scheduling.md`.
struct SlackAwarePolicy {
    private let bucket: Int
    private let now: Instant
    private let latency: LatencyModel
    private let guardInterval: Interval
    /// Largest batch that lets a newcomer of the tightest class wait one batch and ride the next.
    private let deadlineRows: Int
    /// Rows per millisecond, by class and accumulated over the classes up to each.
    private let rates: [Double]
    private let accumulatedRates: [Double]
    private let maxRows: Int
    private let floorRows: Int

    /// Reads what the decision depends on; nothing changes until ``board(_:into:)``.
    init(_ scheduler: borrowing Scheduler, bucket: Int, at now: Instant) {
        let configuration = scheduler.configuration
        let latency = scheduler.buckets[bucket].latency
        self.bucket = bucket
        self.now = now
        self.latency = latency
        guardInterval = configuration.guardInterval
        floorRows = latency.rows(atEfficiency: configuration.minEfficiency)

        var rates: [Double] = []
        var accumulated: [Double] = []
        var total = 0.0
        var tightest = Interval.never
        for state in scheduler.classes {
            let rate = state.arrivals.value(at: now)
            total += rate
            rates.append(rate)
            accumulated.append(total)
            if Self.hasTraffic(rate) { tightest = min(tightest, state.tightestDeadline) }
        }
        self.rates = rates
        accumulatedRates = accumulated
        let useful = latency.rows(within: (tightest - configuration.guardInterval) / 2)
        deadlineRows = min(max(useful, 1), configuration.maxBatchRows)

        let serving = scheduler.instances.count { $0 != .absent }
        var maxRows = configuration.maxBatchRows
        if serving > 1 {
            let share = Double(scheduler.ledger.rows) / Double(serving)
            let stable = latency.stableRows(rate: total / Double(serving))
            let fair = max(1.2 * stable, share, 1).rounded(.up)
            maxRows = min(maxRows, Int(min(fair, Double(deadlineRows))))
        }
        self.maxRows = max(maxRows, 1)
    }

    /// A class that has not sent a tenth of a row per second lately does not shape batches.
    private static func hasTraffic(_ rate: Double) -> Bool { rate > 0.0001 }

    /// Fills the batch and answers its rows, at least 1.
    func board(_ scheduler: inout Scheduler, into actions: inout ActionBuffer) -> Int {
        let reserved = reservedRows(scheduler)
        var boarded = 0
        var slack = Interval.never
        for index in scheduler.classes.indices
        where !scheduler.buckets[bucket].queues[index].isEmpty {
            let cap = min(blockingCap(of: index, scheduler), latency.rows(within: slack))
            let kept = reserved[(index + 1)...].reduce(0, +)
            let room = cap - boarded - kept
            guard room > 0 else { continue }
            let choice = choose(index, boarded: boarded, room: room, scheduler)
            guard choice.rows > 0 else { continue }
            slack = min(slack, choice.slack)
            boarded +=
                choice.newestFirst
                ? scheduler.boardLatest(index, bucket: bucket, rows: choice.rows, into: &actions)
                : scheduler.board(
                    index, bucket: bucket, dueFrom: choice.dueFrom, rows: choice.rows,
                    into: &actions)
        }
        return boarded > 0 ? boarded : boardEarliest(&scheduler, into: &actions)
    }

    /// What one class sends: how many rows, from which end, and the slack of the tightest of them.
    private struct Choice {
        var rows: Int
        var dueFrom = Instant.origin
        var newestFirst = false
        var slack: Interval
    }

    private func choose(
        _ index: Int, boarded: Int, room: Int, _ scheduler: borrowing Scheduler
    ) -> Choice {
        let waiting = scheduler.buckets[bucket].queues[index].rows(in: scheduler.table)
        let wanted = min(waiting, room)
        if index > 0, isOverloaded(index, scheduler) {
            return newest(index, boarded: boarded, wanted: wanted, scheduler)
        }
        let headSlack = slack(ofRow: 0, index, scheduler)
        if latency.latency(rows: boarded + wanted) <= headSlack {
            return Choice(rows: rounded(wanted, boarded: boarded), slack: headSlack)
        }
        let short = latency.rows(within: headSlack) - boarded
        if short > 0, canSplit(index, boarded: boarded, short: short, waiting: waiting, scheduler) {
            return Choice(rows: rounded(short, boarded: boarded), slack: headSlack)
        }
        return crossing(index, boarded: boarded, wanted: wanted, scheduler)
    }

    /// Whether serving `short` rows now leaves the rest in time, or keeps up with the traffic.
    private func canSplit(
        _ index: Int, boarded: Int, short: Int, waiting: Int, _ scheduler: borrowing Scheduler
    ) -> Bool {
        let took = latency.latency(rows: boarded + short)
        let rate = accumulatedRates[index]
        if latency.throughput(rows: boarded + short) >= rate { return true }
        let nextSlack = slack(ofRow: short, index, scheduler) - took
        let remaining = Double(waiting - short) + rate * took.milliseconds
        return Double(latency.rows(within: nextSlack)) >= remaining
    }

    /// The largest batch whose members all make it, leaving doomed heads behind for the purge.
    private func crossing(
        _ index: Int, boarded: Int, wanted: Int, _ scheduler: borrowing Scheduler
    ) -> Choice {
        let queue = scheduler.buckets[bucket].queues[index]
        var low = 0
        var high = wanted
        while low < high {
            let middle = (low + high + 1) / 2
            let due = now + latency.latency(rows: boarded + middle) + guardInterval
            if queue.rows(dueFrom: due, in: scheduler.table) >= middle {
                low = middle
            } else {
                high = middle - 1
            }
        }
        let rows = rounded(low, boarded: boarded)
        let took = latency.latency(rows: boarded + rows)
        return Choice(rows: rows, dueFrom: now + took + guardInterval, slack: took)
    }

    /// Adaptive newest-first: under overload the latest arrivals of a lesser class can still be
    /// served well, its oldest only late.
    private func newest(
        _ index: Int, boarded: Int, wanted: Int, _ scheduler: borrowing Scheduler
    ) -> Choice {
        let queue = scheduler.buckets[bucket].queues[index]
        let waiting = queue.rows(in: scheduler.table)
        var low = 0
        var high = wanted
        while low < high {
            let middle = (low + high + 1) / 2
            let tightest = slack(ofRow: waiting - middle, index, scheduler)
            if latency.latency(rows: boarded + middle) <= tightest {
                low = middle
            } else {
                high = middle - 1
            }
        }
        let tightest = low > 0 ? slack(ofRow: waiting - low, index, scheduler) : .never
        return Choice(rows: low, newestFirst: true, slack: tightest)
    }

    /// With nothing on board, the globally earliest request goes alone: an instance never idles.
    private func boardEarliest(
        _ scheduler: inout Scheduler, into actions: inout ActionBuffer
    ) -> Int {
        var earliest: Slot?
        for queue in scheduler.buckets[bucket].queues where !queue.isEmpty {
            if earliest.map({ scheduler.table.precedes(queue.first, $0) }) ?? true {
                earliest = queue.first
            }
        }
        guard let earliest else { return 0 }
        let request = scheduler.remove(earliest)
        actions.board(request.id)
        return request.rows
    }

    /// Rows kept for each lesser class whose head has waited half its time: the anti-starvation share.
    private func reservedRows(_ scheduler: borrowing Scheduler) -> [Int] {
        var reserved: [Int] = []
        for (index, queue) in scheduler.buckets[bucket].queues.enumerated() {
            let share = scheduler.classes[index].floorShare
            guard index > 0, share > 0, !queue.isEmpty,
                scheduler.isAged(scheduler.table.nodes[Int(queue.first)].request, at: now)
            else {
                reserved.append(0)
                continue
            }
            let rows = Int((share * Double(deadlineRows)).rounded(.up))
            reserved.append(min(rows, queue.rows(in: scheduler.table)))
        }
        return reserved
    }

    /// The most rows a batch may have once work of class `index` is on board.
    private func blockingCap(of index: Int, _ scheduler: borrowing Scheduler) -> Int {
        var cap = maxRows
        for above in 0..<index where Self.hasTraffic(rates[above]) {
            let patience = (scheduler.classes[above].tightestDeadline - guardInterval) / 2
            cap = min(cap, max(latency.rows(within: patience), floorRows))
        }
        return cap
    }

    /// More than one percent of the class's traffic is being rejected.
    private func isOverloaded(_ index: Int, _ scheduler: borrowing Scheduler) -> Bool {
        scheduler.classes[index].rejects.value(at: now) > 0.01 * rates[index]
    }

    /// Rounds a batch down to whole tiles where that pays: only under load, and never below one tile.
    private func rounded(_ rows: Int, boarded: Int) -> Int {
        let tile = latency.tile
        let load = accumulatedRates.last ?? 0
        guard tile > 1, load > 0.5 * latency.throughput(rows: deadlineRows) else { return rows }
        let whole = (boarded + rows) / tile * tile
        guard whole > boarded, whole >= tile else { return rows }
        return latency.throughput(rows: whole) > latency.throughput(rows: boarded + rows)
            ? whole - boarded : rows
    }

    /// Time that the request holding row `row` leaves for computing; zero when there is none.
    private func slack(ofRow row: Int, _ index: Int, _ scheduler: borrowing Scheduler) -> Interval {
        let slot = scheduler.buckets[bucket].queues[index].slot(atRow: row, in: scheduler.table)
        guard slot != RequestTable.none else { return .zero }
        let deadline = scheduler.table.nodes[Int(slot)].request.deadline
        return deadline == .distantFuture ? .never : now.interval(to: deadline) - guardInterval
    }
}
