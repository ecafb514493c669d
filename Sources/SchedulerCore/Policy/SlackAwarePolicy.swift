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
/// when the short batch sustains the arrival rate; else *cross* (give the head up and take a larger
/// batch whose members all make it, the largest unless a smaller one keeps up with what comes), because
/// serving doomed heads with ever shorter batches is how overload turns into collapse.
///
/// The rules and their figures are in `docs/scheduling.md`.
struct SlackAwarePolicy {
    /// The variant that the batch is for.
    let variant: Int
    let bucket: Int
    let now: Instant
    let latency: LatencyModel
    let guardInterval: Interval
    /// Largest batch that lets a newcomer of the tightest class wait one batch and ride the next.
    let deadlineRows: Int
    /// Rows per millisecond over all classes.
    let totalRate: Double
    /// Instances that share the traffic.
    let serving: Int
    let maxRows: Int
    /// Whether it is less than the model takes because instances share the traffic.
    let isShared: Bool
    let floorRows: Int

    /// Reads what the decision depends on; nothing changes until ``board(_:into:)``.
    init(_ scheduler: borrowing Scheduler, bucket: Int, variant: Int = 0, at now: Instant) {
        let latency = scheduler.buckets[bucket].latency(of: variant)
        self.bucket = bucket
        self.variant = variant
        self.now = now
        self.latency = latency
        guardInterval = scheduler.configuration.guardInterval
        floorRows = latency.rows(atEfficiency: scheduler.configuration.minEfficiency)

        var total = 0.0
        var tightest = Interval.never
        for index in scheduler.classes.indices {
            let rate = scheduler.classes[index].arrivals.value(at: now)
            total += rate
            if Self.hasTraffic(rate) {
                tightest = min(tightest, scheduler.classes[index].tightestDeadline)
            }
        }
        totalRate = total
        let useful = latency.rows(within: (tightest - guardInterval) / 2)
        deadlineRows = min(max(useful, 1), scheduler.configuration.maxBatchSize)

        let serving = scheduler.serving
        self.serving = max(serving, 1)
        var maxRows = scheduler.maxBatchSize(bucket)
        if serving > 1 {
            let share = Double(scheduler.ledger.rows) / Double(serving)
            let stable = latency.stableRows(rate: total / Double(serving))
            let fair = max(1.2 * stable, share, 1).rounded(.up)
            maxRows = min(maxRows, Int(min(fair, Double(deadlineRows))))
        }
        self.maxRows = max(maxRows, 1)
        isShared = self.maxRows < scheduler.maxBatchSize(bucket)
    }

    /// A class that has not sent a tenth of a row per second lately does not shape batches.
    static func hasTraffic(_ rate: Double) -> Bool { rate > 0.0001 }

    /// What the classes so far mean for the next one.
    private struct Boarded {
        /// Rows on board.
        var rows = 0
        /// Time that the tightest request on board leaves for computing.
        var slack = Interval.never
        /// Rows kept for classes still to come.
        var kept: Int
        /// Most rows that no more important class would have to wait too long for.
        var cap: Int
        /// The last class that sent anything.
        var lowest = 0
        /// Rows per millisecond of the present class, and together with all more important ones.
        var rate = 0.0
        var accumulatedRate = 0.0
        /// What kept the first request off that had to stay behind.
        var rule: LaunchRule?
    }

    /// Fills the batch and answers its rows, at least 1, what they are padded to, if they are, and which
    /// rule left others behind, if any were.
    func board(
        _ scheduler: inout Scheduler, into actions: inout ActionBuffer
    ) -> (rows: Int, paddedLength: Int, rule: LaunchRule) {
        var state = Boarded(kept: 0, cap: maxRows)
        for index in scheduler.classes.indices { state.kept += reservedRows(index, scheduler) }
        for index in scheduler.classes.indices {
            state.rate = scheduler.classes[index].arrivals.value(at: now)
            state.accumulatedRate += state.rate
            if let grant = scheduler.grant, index >= grant.lesser.rawValue {
                state.cap = min(state.cap, max(latency.rows(within: grant.longest), floorRows))
            }
            if !scheduler.buckets[bucket].queues[index].isEmpty {
                state.kept -= reservedRows(index, scheduler)
                board(index, &state, &scheduler, into: &actions)
            }
            if Self.hasTraffic(state.rate) {
                let patience = (scheduler.classes[index].tightestDeadline - guardInterval) / 2
                state.cap = min(state.cap, max(latency.rows(within: patience), floorRows))
            }
        }
        let length = scheduler.buckets[bucket].length
        if state.rows == 0 {
            let rows = boardEarliest(&scheduler, into: &actions)
            return (rows / max(length, 1), length, .earliest)
        }
        let rule = state.rule ?? .full
        guard length > 0 else { return (state.rows, 0, rule) }
        var batch = Padded(
            rows: state.rows / length, length: length, needed: state.rows, slack: state.slack,
            lowest: state.lowest)
        merge(&batch, &scheduler, into: &actions)
        return (batch.rows, batch.length, rule)
    }

    /// Lets one class board.
    private func board(
        _ index: Int, _ state: inout Boarded, _ scheduler: inout Scheduler,
        into actions: inout ActionBuffer
    ) {
        let inTime = latency.rows(within: state.slack)
        let room = min(state.cap, inTime) - state.rows - state.kept
        let limit = inTime < state.cap ? .split : limit(of: state)
        guard room > 0 else {
            state.rule = state.rule ?? limit
            return
        }
        let choice = choose(index, state, room: room, scheduler)
        guard choice.rows > 0 else {
            state.rule = state.rule ?? choice.rule ?? limit
            return
        }
        let waiting = scheduler.buckets[bucket].queues[index].rows(in: scheduler.table)
        let first = actions.members.count
        let boarded: Boarding
        if choice.rows < waiting, scheduler.hasRivals(index, bucket: bucket) {
            boarded = scheduler.boardFairly(
                index, bucket: bucket, dueFrom: choice.dueFrom, rows: choice.rows,
                perRow: latency.perRow, into: &actions)
        } else {
            boarded =
                choice.newestFirst
                ? scheduler.boardLatest(index, bucket: bucket, rows: choice.rows, into: &actions)
                : scheduler.board(
                    index, bucket: bucket, dueFrom: choice.dueFrom, rows: choice.rows,
                    into: &actions)
            scheduler.chargeTenants(
                index, bucket: bucket, perRow: latency.perRow, members: first, actions)
        }
        state.rows += boarded.rows
        if boarded.rows < waiting { state.rule = state.rule ?? choice.rule ?? limit }
        if boarded.rows > 0 { state.lowest = index }
        state.slack = min(state.slack, slack(until: boarded.earliestDeadline))
    }

    /// What the cap on the batch stands for.
    private func limit(of state: Boarded) -> LaunchRule {
        state.cap < maxRows ? .precedence : isShared ? .share : .full
    }

    /// What one class sends: how many rows, and from which end.
    private struct Choice {
        var rows: Int
        var dueFrom = Instant.origin
        var newestFirst = false
        /// Why not more, unless there was no room.
        var rule: LaunchRule?
    }

    private func choose(
        _ index: Int, _ state: Boarded, room: Int, _ scheduler: borrowing Scheduler
    ) -> Choice {
        let boarded = state.rows
        let waiting = scheduler.buckets[bucket].queues[index].rows(in: scheduler.table)
        let wanted = min(waiting, room)
        if index > 0, !scheduler.hasRivals(index, bucket: bucket),
            isOverloaded(index, rate: state.rate, scheduler)
        {
            return newest(index, boarded: boarded, wanted: wanted, scheduler)
        }
        let headSlack = slack(ofRow: 0, index, scheduler)
        if latency.latency(rows: boarded + wanted) <= headSlack {
            return Choice(rows: rounded(wanted, boarded: boarded))
        }
        let short = latency.rows(within: headSlack) - boarded
        if short > 0, canSplit(index, state, short: short, waiting: waiting, scheduler) {
            return Choice(rows: rounded(short, boarded: boarded), rule: .split)
        }
        let needed = rowsKeepingUp(index, scheduler)
        if short > 0, boarded + short >= needed {
            return Choice(rows: rounded(short, boarded: boarded), rule: .split)
        }
        // Between tenants a batch is kept so short that who arrives during one can ride the next: the
        // largest possible one would be filled with the newest, whoever sent them.
        let hasRivals = scheduler.hasRivals(index, bucket: bucket)
        let most = hasRivals ? min(needed, deadlineRows) : needed
        let enough = min(wanted, max(most - boarded, 1))
        return crossing(index, boarded: boarded, wanted: enough, scheduler)
    }

    /// Whether serving `short` rows now leaves the rest in time, or keeps up with the traffic.
    private func canSplit(
        _ index: Int, _ state: Boarded, short: Int, waiting: Int, _ scheduler: borrowing Scheduler
    ) -> Bool {
        let took = latency.latency(rows: state.rows + short)
        let rate = state.accumulatedRate
        if latency.throughput(rows: state.rows + short) >= rate { return true }
        if isYoungBurst(rows: state.rows + short, scheduler) { return true }
        let nextSlack = slack(ofRow: short, index, scheduler) - took
        let remaining = Double(waiting - short) + rate * took.milliseconds
        return Double(latency.rows(within: nextSlack)) >= remaining
    }

    /// The largest batch up to `wanted` whose members all make it, leaving heads behind for the purge.
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
        let due = now + latency.latency(rows: boarded + rows) + guardInterval
        let leavesHeads =
            queue.rows(dueFrom: due, in: scheduler.table) < queue.rows(in: scheduler.table)
        return Choice(
            rows: rows, dueFrom: due,
            rule: leavesHeads ? .crossing : rows < wanted ? .split : nil)
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
        return Choice(rows: low, newestFirst: true, rule: .newest)
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
        guard let earliest else {
            preconditionFailure("the policy left an idle instance beside a waiting request")
        }
        let request = scheduler.table.request(earliest)
        actions.board(request.id)
        scheduler.chargeTenants(
            request.priorityClass.rawValue, bucket: bucket, perRow: latency.perRow,
            members: actions.members.count - 1, actions)
        scheduler.remove(earliest)
        return request.rows
    }

    /// Rows kept for a lesser class whose head has waited half its time: the anti-starvation share.
    private func reservedRows(_ index: Int, _ scheduler: borrowing Scheduler) -> Int {
        let share = scheduler.classes[index].floorShare
        let first = scheduler.buckets[bucket].queues[index].first
        guard index > 0, share > 0, first != RequestTable.none,
            scheduler.isAged(scheduler.table.request(first), at: now)
        else { return 0 }
        let rows = Int((share * Double(deadlineRows)).rounded(.up))
        return min(rows, scheduler.buckets[bucket].queues[index].rows(in: scheduler.table))
    }

    /// More than one percent of the class's traffic is being rejected, and the queue holds work that
    /// will not be served. Where newcomers without a chance are refused at arrival it holds none.
    private func isOverloaded(
        _ index: Int, rate: Double, _ scheduler: borrowing Scheduler
    ) -> Bool {
        scheduler.configuration.fastFail == .head
            && scheduler.classes[index].rejects.value(at: now) > 0.01 * rate
    }

    /// Rounds a batch down to whole tiles where that pays: only under load, and never below one tile.
    private func rounded(_ rows: Int, boarded: Int) -> Int {
        let tile = latency.tile
        guard tile > 1, totalRate > 0.5 * latency.throughput(rows: deadlineRows) else {
            return rows
        }
        let whole = (boarded + rows) / tile * tile
        guard whole > boarded, whole >= tile else { return rows }
        return latency.throughput(rows: whole) > latency.throughput(rows: boarded + rows)
            ? whole - boarded : rows
    }

    /// Time that the request holding row `row` leaves for computing; zero when there is none.
    private func slack(ofRow row: Int, _ index: Int, _ scheduler: borrowing Scheduler) -> Interval {
        let slot = scheduler.buckets[bucket].queues[index].slot(atRow: row, in: scheduler.table)
        guard slot != RequestTable.none else { return .zero }
        return slack(until: scheduler.table.nodes[Int(slot)].key)
    }

    func slack(until deadline: Instant) -> Interval {
        deadline == .distantFuture ? .never : now.interval(to: deadline) - guardInterval
    }
}
