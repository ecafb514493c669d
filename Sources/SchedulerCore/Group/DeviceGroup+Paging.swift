internal import ControlCore
internal import ServingModel

/// Which models are in memory.
///
/// A model comes in for work that waits (in the order in which models get devices), for traffic that
/// had to be refused because it was not there, and for one more replica. Idle models make room, the
/// least valuable first: a model's value is its recent traffic, weighted by class, times what it
/// would cost to bring it back, for each byte that it holds. Nobody leaves before its time is up, so
/// that two models which do not fit together do not spend the device on loading each other.
extension DeviceGroup {
    /// Orders loads, and unloads that make room for them.
    mutating func page(at now: Instant, into actions: inout GroupActionBuffer) {
        guard units.contains(where: { $0.isInService && $0.residency == .absent }) else { return }
        for model in models.indices { models[model].isTried = false }
        while let model = mostUrgentAbsent(at: now, into: &actions) {
            models[model].isTried = true
            bringIn(model, at: now, into: &actions)
        }
        for model in models.indices { expand(model, at: now, into: &actions) }
    }

    // MARK: For work that waits

    /// The model without any copy in memory whose waiting work would go first.
    private mutating func mostUrgentAbsent(
        at now: Instant, into actions: inout GroupActionBuffer
    ) -> Int? {
        var best: Int?
        var bestDemand: Demand?
        for model in models.indices
        where !models[model].isTried && schedulers[model].queuedRequests > 0
            && !models[model].units.contains(where: { units[$0].isUsable })
        {
            tell(model, .timerFired, at: now, into: &actions)
            guard let demand = demandFromAfar(of: model, at: now) else { continue }
            if let rival = bestDemand, let other = best {
                let isOwed = (models[model].isOwed, models[other].isOwed)
                let goes = isOwed.0 != isOwed.1 ? isOwed.0 : demand.precedes(rival)
                guard goes else { continue }
            }
            best = model
            bestDemand = demand
        }
        return best
    }

    /// What waits for a model that has to be loaded first: its latest start is the start of loading.
    private func demandFromAfar(of model: Int, at now: Instant) -> Demand? {
        guard var demand = schedulers[model].demand(at: now) else { return nil }
        demand.latestStart = demand.latestStart - configuration.models[model].reload
        return demand
    }

    /// Loads a model where that costs least.
    private mutating func bringIn(
        _ model: Int, at now: Instant, into actions: inout GroupActionBuffer
    ) {
        guard let demand = demandFromAfar(of: model, at: now) else { return }
        let memory = configuration.models[model].memory
        let need = memory.resident + memory.bytes(rows: demand.largestHead)
        var best: Int?
        var bestCost = Double.infinity
        for unit in models[model].units where mayLoad(unit, at: now) {
            guard
                let cost = markVictims(
                    for: unit, bytes: need, .work(demand), isTrial: true, at: now)
            else { continue }
            if cost < bestCost {
                best = unit
                bestCost = cost
            }
        }
        guard let best else { return }
        _ = markVictims(for: best, bytes: need, .work(demand), isTrial: false, at: now)
        load(best, at: now, into: &actions)
    }

    private mutating func mayLoad(_ unit: Int, at now: Instant) -> Bool {
        guard units[unit].isInService, units[unit].residency == .absent else { return false }
        guard units[unit].notBefore <= now else {
            retry(at: units[unit].notBefore)
            return false
        }
        return true
    }

    // MARK: For traffic

    /// Loads a model whose traffic had to be refused, or one more replica of a model whose work waits
    /// although it has copies; only where that is worth more than what leaves.
    private mutating func expand(
        _ model: Int, at now: Instant, into actions: inout GroupActionBuffer
    ) {
        let isUsable = models[model].units.contains { units[$0].isUsable }
        let isMissed = !isUsable && models[model].missed.value(at: now) > 0
        let wantsReplica =
            isUsable && schedulers[model].queuedRequests > 0
            && models[model].units.allSatisfy {
                units[$0].residency == .absent || units[$0].isRunning
            }
        guard isMissed || wantsReplica else { return }
        let memory = configuration.models[model].memory
        let need = memory.resident + memory.bytes(rows: 1)
        for unit in models[model].units where mayLoad(unit, at: now) {
            let worth = value(of: unit, at: now) / configuration.paging.hysteresis
            let cost = markVictims(
                for: unit, bytes: need, .traffic(worth), isTrial: false, at: now)
            guard cost != nil else { continue }
            load(unit, at: now, into: &actions)
            return
        }
    }

    /// Recent weighted traffic times reload time for each byte; shared among the copies, because the
    /// loss of one of several costs less. Of a copy that is not in memory: what it would be worth.
    func value(of unit: Int, at now: Instant) -> Double {
        let model = units[unit].model
        let copies = models[model].units.count { units[$0].isUsable || $0 == unit }
        let reload = configuration.models[model].reload.milliseconds
        let bytes = max(units[unit].bytes * units[unit].devices.count, 1)
        return models[model].traffic.value(at: now) * reload / Double(bytes * max(copies, 1))
    }

    // MARK: Making room

    /// What somebody wants room for.
    enum Claim {
        /// Work that waits: idle models leave for it, and those whose own work would go later.
        case work(Demand)
        /// Traffic worth so much: idle models that are worth less leave for it.
        case traffic(Double)
    }

    /// Makes sure that a resident instance can have `bytes` more on each of its devices.
    mutating func makeRoom(
        for unit: Int, bytes: Int, _ demand: Demand, at now: Instant,
        into actions: inout GroupActionBuffer
    ) -> Bool {
        let places = units[unit].devices
        if places.allSatisfy({ free($0, for: unit) >= bytes }) { return true }
        let cost = markVictims(for: unit, bytes: bytes, .work(demand), isTrial: false, at: now)
        guard cost != nil else { return false }
        evictVictims(into: &actions)
        return true
    }

    /// Marks the instances that leave so that `unit` has `bytes` on each of its devices, and answers
    /// their value together; `nil`, and nothing marked, when there is no such set. A trial leaves no
    /// marks either.
    private mutating func markVictims(
        for unit: Int, bytes: Int, _ claim: Claim, isTrial: Bool, at now: Instant
    ) -> Double? {
        var cost: Double? = 0
        search: for device in units[unit].devices {
            while true {
                let marked = devices[device].units.reduce(0) {
                    units[$1].isVictim ? $0 + units[$1].bytes : $0
                }
                if free(device, for: unit) + marked >= bytes { break }
                guard let next = victim(on: device, for: unit, claim, at: now) else {
                    cost = nil
                    break search
                }
                units[next.unit].isVictim = true
                cost = cost.map { $0 + next.value }
            }
        }
        if isTrial || cost == nil {
            for index in units.indices { units[index].isVictim = false }
        }
        return cost
    }

    /// The instance on a device that leaves next; `nil` when nobody may, or when it pays to wait: the
    /// least valuable one still runs, has its time or has work that goes first, and the claim's
    /// deadlines allow to wait for it. Without that patience a rare model would, in two steps, chase the
    /// busiest one out of memory.
    private mutating func victim(
        on device: Int, for unit: Int, _ claim: Claim, at now: Instant
    ) -> (unit: Int, value: Double)? {
        var best: (unit: Int, value: Double)?
        var bestNow: (unit: Int, value: Double)?
        for candidate in devices[device].units
        where candidate != unit && !units[candidate].isVictim && mayEverLeave(candidate) {
            let entry = (unit: candidate, value: value(of: candidate, at: now))
            if best.map({ leaves(entry, before: $0) }) ?? true { best = entry }
            guard !units[candidate].isRunning, leaveTime(of: candidate, at: now) <= now,
                yields(candidate, to: unit, claim, at: now)
            else { continue }
            if bestNow.map({ leaves(entry, before: $0) }) ?? true { bestNow = entry }
        }
        guard let best, best.unit != bestNow?.unit else { return bestNow }
        let leave = leaveTime(of: best.unit, at: now)
        if leave > now { retry(at: leave) }
        guard case .work(let demand) = claim, bestNow != nil else { return nil }
        if max(leave, now) > demand.latestStart { return bestNow }
        retry(at: demand.latestStart + Interval(nanoseconds: 1))
        return nil
    }

    private func mayEverLeave(_ unit: Int) -> Bool {
        units[unit].residency != .absent
            && !units[unit].devices.contains { devices[$0].heldFor == unit }
    }

    private func leaves(
        _ left: (unit: Int, value: Double), before right: (unit: Int, value: Double)
    ) -> Bool {
        switch configuration.paging.victim {
        case .leastValuable: left.value < right.value
        case .leastRecentlyUsed: units[left.unit].lastUsed < units[right.unit].lastUsed
        }
    }

    /// Whether an instance would make room for a claim, as soon as it is idle and has had its time.
    private func yields(
        _ unit: Int, to claimant: Int, _ claim: Claim, at now: Instant
    ) -> Bool {
        let model = units[unit].model
        switch claim {
        case .work(let demand):
            guard let own = schedulers[model].demand(at: now),
                !models[model].units.contains(where: { $0 != unit && units[$0].isUsable })
            else { return true }
            let isOwed = (models[units[claimant].model].isOwed, models[model].isOwed)
            return isOwed.0 != isOwed.1 ? isOwed.0 : demand.precedes(own)
        case .traffic(let worth):
            return schedulers[model].queuedRequests == 0 && value(of: unit, at: now) < worth
        }
    }

    /// Until when an instance stays in memory whatever happens.
    ///
    /// One that was loaded for work and has not served yet stays at least as long as loading took, even
    /// if the policy gives no time: otherwise two models could load each other without end.
    func residencyEnd(of unit: Int) -> Instant {
        guard case .resident(let since) = units[unit].residency else { return .origin }
        let model = units[unit].model
        let hasServed = units[unit].batches > 0 || schedulers[model].queuedRequests == 0
        let times = max(configuration.paging.residency, hasServed ? 0 : 1)
        return since + configuration.models[model].reload * times
    }

    private mutating func retry(at time: Instant) {
        retryAt = min(retryAt ?? time, time)
    }

    // MARK: Loads and unloads

    private mutating func load(
        _ unit: Int, at now: Instant, into actions: inout GroupActionBuffer
    ) {
        evictVictims(into: &actions)
        let model = units[unit].model
        ledger.charge(units[unit].bytes, on: units[unit].devices)
        units[unit].residency = .loading(until: now + configuration.models[model].reload)
        units[unit].batches = 0
        actions.append(.load(ModelIndex(model), units[unit].instance))
    }

    private mutating func evictVictims(into actions: inout GroupActionBuffer) {
        for index in units.indices where units[index].isVictim {
            units[index].isVictim = false
            evict(index, into: &actions)
        }
    }

    /// Takes an idle instance out of memory.
    mutating func evict(_ unit: Int, into actions: inout GroupActionBuffer) {
        precondition(!units[unit].isRunning, "a model in use cannot leave")
        ledger.refund(units[unit].bytes, on: units[unit].devices)
        units[unit].residency = .absent
        hasFreed = true
        actions.append(.unload(ModelIndex(units[unit].model), units[unit].instance))
    }

    /// Notes that a load is done; one that was given up meanwhile is none.
    mutating func loaded(_ unit: Int, at now: Instant) {
        guard case .loading = units[unit].residency else { return }
        units[unit].residency = .resident(since: now)
        units[unit].failures = 0
        models[units[unit].model].missed = DecayedRate(
            timeConstant: configuration.paging.trafficMemory)
    }

    /// Gives a load up and tries again after a pause that doubles.
    mutating func loadFailed(_ unit: Int, at now: Instant) {
        guard case .loading = units[unit].residency else { return }
        ledger.refund(units[unit].bytes, on: units[unit].devices)
        units[unit].residency = .absent
        units[unit].failures += 1
        let reload = max(configuration.models[units[unit].model].reload, .milliseconds(1))
        units[unit].notBefore = now + reload * (1 << min(units[unit].failures, 6))
    }

    // MARK: Promises

    /// Tells a model's scheduler when each of its instances could start at the earliest, counting the
    /// batch that runs on its devices and the time to bring it into memory.
    mutating func announceStarts(
        of model: Int, at now: Instant, into actions: inout GroupActionBuffer
    ) {
        for unit in models[model].units where units[unit].isInService && !units[unit].isRunning {
            let start = earliestStart(of: unit, at: now)
            guard start > now || units[unit].heldUntil > now else { continue }
            guard start != units[unit].heldUntil else { continue }
            units[unit].heldUntil = start
            tell(model, .held(units[unit].instance, until: start), at: now, into: &actions)
        }
    }

    /// When an idle instance could start a batch if its turn came first.
    private func earliestStart(of unit: Int, at now: Instant) -> Instant {
        var start = now
        for device in units[unit].devices where devices[device].running != nil {
            start = max(start, devices[device].freeAt)
        }
        switch units[unit].residency {
        case .resident: return start
        case .loading(let until): return max(start, until)
        case .absent:
            let reload = configuration.models[units[unit].model].reload
            var room = max(now, units[unit].notBefore)
            for device in units[unit].devices {
                room = max(room, roomTime(on: device, for: unit, at: now))
            }
            return max(start, room + reload)
        }
    }

    /// When a device could have room for an instance if everybody who may leave did.
    private func roomTime(on device: Int, for unit: Int, at now: Instant) -> Instant {
        let need = units[unit].bytes
        var time = now
        while true {
            var room = free(device, for: unit)
            var next = Instant.distantFuture
            for other in devices[device].units where other != unit {
                guard units[other].residency != .absent else { continue }
                let leaves = leaveTime(of: other, at: now)
                if leaves <= time { room += units[other].bytes } else { next = min(next, leaves) }
            }
            if room >= need || next == .distantFuture { return time }
            time = next
        }
    }

    /// The earliest time at which an instance could be taken out of memory.
    private func leaveTime(of unit: Int, at now: Instant) -> Instant {
        let reload = configuration.models[units[unit].model].reload
        var time = now
        if case .loading(let until) = units[unit].residency {
            time = max(time, until + reload * max(configuration.paging.residency, 1))
        } else {
            time = max(time, residencyEnd(of: unit))
        }
        if units[unit].isRunning {
            for device in units[unit].devices { time = max(time, devices[device].freeAt) }
        }
        return time
    }
}
