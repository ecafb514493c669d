internal import SchedulerCore
internal import ServingModel

/// Everything that happens to a server in a scenario, in order of time and drawn lazily: requests, clients
/// that give up, instances that go and come back.
///
/// Each purpose has a random stream of its own, so that a policy or a fault more does not move the
/// arrivals, and a scenario with one class fewer keeps their times.
package struct ScenarioLoad: Sequence, IteratorProtocol, Sendable {
    private let plan: ArrivalPlan
    private let classes: [ScenarioClass]
    private let faults: FaultPlan
    private let end: Double
    private var requestsLeft: Int

    private var source: Source
    private var nextArrival: Double
    private var nextBurst = Double.infinity
    private var burstLeft = 0
    private var pending = PendingStimuli()
    private var lastID: UInt64 = 0
    /// What was recorded of the last request that came; `nil` for one that was drawn.
    private(set) var lastRecord: RecordedArrival?
    private let classShares: Double

    private var bursts: Seeded
    private var classDraw: Seeded
    private var rows: SizeDraw
    private var lengths: SizeDraw
    private var tenants: Seeded
    private var cancels: Seeded

    /// Where the times of arrival come from.
    private enum Source: Sendable {
        case process(ArrivalGaps)
        case records(position: Int, lap: Double)
    }

    /// The load of one model of `scenario`.
    package init(
        _ plan: ArrivalPlan, classes: [ScenarioClass], faults: FaultPlan, model: Int = 0,
        seconds: Double, maxRequests: Int? = nil, _ random: Seeded
    ) {
        precondition(!classes.isEmpty, "a load needs a class")
        self.plan = plan
        self.classes = classes
        self.faults = faults
        end = seconds * 1_000
        requestsLeft = maxRequests ?? .max
        classShares = classes.reduce(0) { $0 + $1.share }
        bursts = random.split("bursts")
        classDraw = random.split("classes")
        rows = SizeDraw(plan.rows, random.split("rows"))
        lengths = SizeDraw(plan.lengths, random.split("lengths"))
        tenants = random.split("tenants")
        cancels = random.split("cancels")
        if let process = plan.process.arrivalProcess {
            source = .process(ArrivalGaps(process, random.split("gaps")))
        } else {
            source = .records(position: 0, lap: 0)
        }
        nextArrival = 0
        if case .process(var gaps) = source {
            nextArrival = gaps.next()
            source = .process(gaps)
        } else {
            nextArrival = recordTime(at: 0, lap: 0)
        }
        if plan.microBursts != nil { drawBurst(after: 0) }
        for outage in faults.outages where outage.model == model {
            let instance = InstanceID(outage.instance)
            pending.insert(.lose(instance), at: Self.instant(outage.atSecond * 1_000))
            if let away = outage.forSeconds {
                let back = (outage.atSecond + away) * 1_000
                pending.insert(.restore(instance), at: Self.instant(back))
            }
        }
    }

    /// The next thing that happens, or `nil` after the end.
    package mutating func next() -> Stimulus? {
        let outside = Swift.min(nextArrival, nextBurst)
        let hasArrival = outside < end && requestsLeft > 0
        let arrivalTime = hasArrival ? Self.instant(outside) : .distantFuture
        if pending.nextTime != .distantFuture, pending.nextTime <= arrivalTime {
            return pending.removeFirst()
        }
        guard hasArrival else { return nil }
        requestsLeft -= 1
        let isBurst = nextBurst <= nextArrival
        let record = isBurst ? nil : currentRecord
        if isBurst {
            burstLeft -= 1
            if burstLeft == 0 { drawBurst(after: nextBurst) }
        } else {
            advance()
        }
        return arrival(at: arrivalTime, record)
    }

    // MARK: Times

    private mutating func advance() {
        switch source {
        case .process(var gaps):
            nextArrival += gaps.next()
            source = .process(gaps)
        case .records(let position, let lap):
            source = .records(position: position + 1, lap: lap)
            nextArrival = recordTime(at: position + 1, lap: lap)
        }
    }

    /// When record `position` of a lap comes; starts the next lap after the last one.
    private mutating func recordTime(at position: Int, lap: Double) -> Double {
        guard case .trace(let trace) = plan.process, !trace.records.isEmpty else {
            return .infinity
        }
        if position < trace.records.count {
            return lap + trace.records[position].milliseconds / trace.speed
        }
        guard trace.repeats else { return .infinity }
        let span = (trace.records[trace.records.count - 1].milliseconds) / trace.speed
        guard span > 0 else { return .infinity }
        source = .records(position: 0, lap: lap + span)
        return lap + span + trace.records[0].milliseconds / trace.speed
    }

    private var currentRecord: RecordedArrival? {
        guard case .records(let position, _) = source, case .trace(let trace) = plan.process
        else { return nil }
        return trace.records[position]
    }

    private mutating func drawBurst(after time: Double) {
        guard let plan = plan.microBursts else { return }
        nextBurst = time + bursts.exponential(mean: plan.everyMilliseconds)
        burstLeft = plan.size
    }

    private static func instant(_ milliseconds: Double) -> Instant {
        .origin + Interval(milliseconds: milliseconds)
    }

    // MARK: Requests

    private mutating func arrival(at now: Instant, _ record: RecordedArrival?) -> Stimulus {
        lastID += 1
        lastRecord = record
        let index = record?.classIndex.map { Swift.min($0, classes.count - 1) } ?? drawClass()
        let rows = record?.rows ?? rows.next()
        let length = record?.length ?? lengths.next()
        let tenant = record.map(\.tenant) ?? drawTenant()
        // The server takes the announcement back when nothing follows at this instant.
        let arrival = Arrival(
            id: RequestID(lastID), priorityClass: ClassIndex(index),
            deadline: now + Interval(milliseconds: classes[index].deadlineMilliseconds),
            rows: Swift.max(rows, 1), isFollowed: plan.together, tenant: TenantID(tenant),
            length: length, modality: ModalityIndex(classes[index].modality))
        if faults.cancelShare > 0, cancels.chance(faults.cancelShare) {
            let patience = cancels.exponential(mean: faults.cancelAfterMilliseconds)
            pending.insert(.cancel(arrival.id), at: now + Interval(milliseconds: patience))
        }
        return Stimulus(at: now, .arrive(arrival))
    }

    private mutating func drawClass() -> Int {
        guard classes.count > 1 else { return 0 }
        var rest = classDraw.unit() * classShares
        for index in classes.indices.dropLast() {
            rest -= classes[index].share
            if rest < 0 { return index }
        }
        return classes.count - 1
    }

    private mutating func drawTenant() -> UInt32 {
        guard !plan.tenants.isEmpty else { return 0 }
        var rest = tenants.unit() * plan.tenants.reduce(0) { $0 + $1.share }
        for candidate in plan.tenants.dropLast() {
            rest -= candidate.share
            if rest < 0 { return candidate.tenant }
        }
        return plan.tenants[plan.tenants.count - 1].tenant
    }
}
