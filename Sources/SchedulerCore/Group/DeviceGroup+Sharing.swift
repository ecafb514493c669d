internal import ControlCore
internal import ServingModel

/// Whose turn a free device is.
extension DeviceGroup {
    /// Brings in the models that are wanted, then gives every free device a batch.
    ///
    /// Serving one device can free something of another that was served before it: a gang that makes
    /// room leaves all of its devices, and a hold ends on all of them. Those are served again. And a model
    /// that kept its place for work of its own may find that work hopeless: then who comes in is decided
    /// again. Both end: a round more has unloaded an instance, started a batch, found a gang without work
    /// or given up a request.
    mutating func settle(at now: Instant, into actions: inout GroupActionBuffer) {
        repeat {
            hasGivenUp = false
            retryAt = nil
            page(at: now, into: &actions)
            repeat {
                hasFreed = false
                for device in devices.indices { serve(device, at: now, into: &actions) }
            } while hasFreed
        } while hasGivenUp
    }

    /// An instance that could run what waits for its model.
    struct Candidate {
        var unit: Int
        var demand: Demand
    }

    private func isFree(_ device: Int) -> Bool {
        devices[device].isPresent && devices[device].running == nil
    }

    /// Gives a free device a batch, if anything can run on it.
    private mutating func serve(
        _ device: Int, at now: Instant, into actions: inout GroupActionBuffer
    ) {
        guard isFree(device) else { return }
        for unit in devices[device].units { models[units[unit].model].isTried = false }
        if let gang = devices[device].heldFor, resume(gang, at: now, into: &actions) { return }
        var isFirst = true
        while isFree(device), let choice = choose(device, counts: isFirst, at: now, into: &actions)
        {
            isFirst = false
            models[units[choice.unit].model].isTried = true
            if let gang = devices[device].heldFor {
                guard goes(choice, beforeGang: gang, on: device, at: now) else { continue }
                run(choice, window: window(of: gang, choice, at: now), at: now, into: &actions)
            } else if !units[choice.unit].devices.allSatisfy({ isFree($0) }) {
                hold(choice, at: now, into: &actions)
            } else if units[choice.unit].devices.allSatisfy({ devices[$0].heldFor == nil }) {
                run(choice, window: .never, at: now, into: &actions)
            }
        }
    }

    // MARK: The choice

    /// The model whose turn it is among those that have not been tried; purges what is hopeless first.
    ///
    /// `counts` says that a turn is being given away, so that those passed over collect credit.
    private mutating func choose(
        _ device: Int, counts: Bool, at now: Instant, into actions: inout GroupActionBuffer
    ) -> Candidate? {
        var best: Candidate?
        for unit in devices[device].units where isOpen(unit) {
            let model = units[unit].model
            tell(model, .timerFired, at: now, into: &actions)
            guard let demand = schedulers[model].demand(at: now) else { continue }
            let candidate = Candidate(unit: unit, demand: demand)
            if best.map({ precedes(candidate, $0) }) ?? true { best = candidate }
        }
        guard let best, configuration.order == .deadline else { return best }
        if counts, let owed = creditPassedOver(on: device, by: best, at: now) { return owed }
        if models[units[best.unit].model].isOwed { return best }
        return patient(on: device, beside: best, at: now)
    }

    /// Whether an instance could take a batch if its model had one to give.
    private func isOpen(_ unit: Int) -> Bool {
        units[unit].isInService && units[unit].isResident && !units[unit].isRunning
            && !models[units[unit].model].isTried
            && schedulers[units[unit].model].queuedRequests > 0
    }

    private func precedes(_ left: Candidate, _ right: Candidate) -> Bool {
        let first = models[units[left.unit].model]
        let second = models[units[right.unit].model]
        if configuration.order == .roundRobin { return first.lastTurn < second.lastTurn }
        if first.isOwed != second.isOwed { return first.isOwed }
        return left.demand.precedes(right.demand)
    }

    /// Lets models whose lesser work grows old collect credit for the turn that `best` is about to
    /// take, as shapes do within one model, and answers the first that has a whole turn together.
    private mutating func creditPassedOver(
        on device: Int, by best: Candidate, at now: Instant
    ) -> Candidate? {
        for unit in devices[device].units where unit != best.unit {
            let model = units[unit].model
            guard units[unit].isInService, let demand = schedulers[model].demand(at: now) else {
                continue
            }
            let share = demand.agedShare
            models[model].credit = share > 0 ? models[model].credit + share : 0
            guard models[model].credit >= 1 else { continue }
            models[model].credit = 0
            models[model].isOwed = true
            if isOpen(unit) { return Candidate(unit: unit, demand: demand) }
        }
        return nil
    }

    /// Work of the same class that may go before the most urgent one because that can wait for it:
    /// the densest if the device's memory is too small for all its models, else the one that has waited
    /// longest; the most urgent itself when there is none.
    ///
    /// Urgency alone would serve a model of tight deadlines in ever smaller batches, whenever one of its
    /// requests waits, and leave the others until they are about to be late.
    private func patient(
        on device: Int, beside best: Candidate, at now: Instant
    ) -> Candidate {
        let all = devices[device].units.reduce(0) { $0 + units[$1].bytes }
        let isCrowded = all > ledger.capacity[device]
        var chosen = best
        for unit in devices[device].units where unit != best.unit && isOpen(unit) {
            guard let demand = schedulers[units[unit].model].demand(at: now),
                demand.topClass == best.demand.topClass,
                now + span(of: unit, demand, at: now) <= best.demand.latestStart
            else { continue }
            let rivals = (density(unit), density(chosen.unit))
            let goes =
                isCrowded && rivals.0 != rivals.1
                ? rivals.0 > rivals.1 : demand.arrival < chosen.demand.arrival
            if goes { chosen = Candidate(unit: unit, demand: demand) }
        }
        return chosen
    }

    /// How long the batch of an instance will be at most, with what others on its devices ask of it.
    private func span(of unit: Int, _ demand: Demand, at now: Instant) -> Interval {
        var grant = Grant(rows: .max)
        limit(&grant, of: unit, at: now)
        guard demand.topClass >= grant.lesser.rawValue else { return demand.predicted }
        let latency = schedulers[units[unit].model].latency
        let share = schedulers[units[unit].model].configuration.minEfficiency
        let floor = latency.latency(rows: latency.rows(atEfficiency: share))
        return min(demand.predicted, max(grant.longest, floor))
    }

    private func density(_ unit: Int) -> Double {
        configuration.models[units[unit].model].flopsPerByte
    }

    // MARK: The grant

    /// Lets an instance start a batch that is promised to end within `window`, if memory allows one.
    @discardableResult
    mutating func run(
        _ choice: Candidate, window: Interval, at now: Instant,
        into actions: inout GroupActionBuffer
    ) -> Bool {
        let unit = choice.unit
        let model = units[unit].model
        let memory = configuration.models[model].memory
        let least = memory.bytes(rows: choice.demand.largestHead)
        guard makeRoom(for: unit, bytes: least, choice.demand, at: now, into: &actions) else {
            return false
        }
        var grant = Grant(rows: .max)
        for device in units[unit].devices {
            grant.rows = min(grant.rows, memory.rows(within: free(device, for: unit)))
        }
        if window != .never {
            grant.rows = min(grant.rows, schedulers[model].latency.rows(within: window))
            guard grant.rows >= choice.demand.largestHead else { return false }
        }
        limit(&grant, of: unit, at: now)
        tell(model, .granted(units[unit].instance, grant), at: now, into: &actions)
        return units[unit].isRunning
    }

    /// The blocking cap across models: lesser or equal work of this model makes no batch longer than
    /// half the deadline of what else has traffic on its devices.
    private func limit(_ grant: inout Grant, of unit: Int, at now: Instant) {
        var lesser = Int.max
        var longest = Interval.never
        for device in units[unit].devices {
            for other in devices[device].units
            where units[other].model != units[unit].model && units[other].residency != .absent {
                schedulers[units[other].model].forEachPatience(at: now) { index, patience in
                    lesser = min(lesser, index)
                    longest = min(longest, patience)
                }
            }
        }
        guard lesser < Int.max else { return }
        grant.lesser = ClassIndex(lesser)
        grant.longest = longest
    }

    /// Bytes of a device that an instance may take: what nobody holds and no gang waits for.
    func free(_ device: Int, for unit: Int) -> Int {
        let heldFor = devices[device].heldFor
        let kept = heldFor == nil || heldFor == unit ? 0 : devices[device].heldBytes
        return max(ledger.free(device) - kept, 0)
    }
}
