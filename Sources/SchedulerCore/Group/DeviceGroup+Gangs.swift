internal import ControlCore
internal import ServingModel

/// Keeping the devices of a gang together.
///
/// A gang needs all its devices at the same time. When its turn comes on one of them, all are held for
/// it: whatever runs there ends, and nothing else starts but work that will be over before the gang can
/// begin (backfilling: Lifka, "The ANL/IBM SP scheduling system", 1995), and work of a more important
/// class. So single-device work cannot starve a gang. A device idles for a gang no longer than the
/// longest batch that was running on the others when the hold began, and a gang holds for one batch at
/// a time, so a gang cannot starve single-device work.
extension DeviceGroup {
    /// Keeps the devices of a gang whose turn has come, unless another gang has one of them or memory
    /// does not allow its batch.
    mutating func hold(
        _ choice: Candidate, at now: Instant, into actions: inout GroupActionBuffer
    ) {
        let gang = choice.unit
        let places = units[gang].devices
        guard places.allSatisfy({ devices[$0].heldFor == nil && devices[$0].isPresent }) else {
            return
        }
        let memory = configuration.models[units[gang].model].memory
        let least = memory.bytes(rows: choice.demand.largestHead)
        guard makeRoom(for: gang, bytes: least, choice.demand, at: now, into: &actions) else {
            return
        }
        for device in places {
            devices[device].heldFor = gang
            devices[device].heldBytes = least
        }
    }

    /// Frees the devices that were kept for a gang.
    mutating func releaseHold(of gang: Int) {
        hasFreed = true
        for device in units[gang].devices {
            devices[device].heldFor = nil
            devices[device].heldBytes = 0
        }
    }

    /// Starts a gang whose devices have all become free, or ends a hold that has lost its reason.
    /// Answers whether a batch started.
    mutating func resume(
        _ gang: Int, at now: Instant, into actions: inout GroupActionBuffer
    ) -> Bool {
        let model = units[gang].model
        tell(model, .timerFired, at: now, into: &actions)
        guard units[gang].isInService, units[gang].isResident,
            let demand = schedulers[model].demand(at: now)
        else {
            releaseHold(of: gang)
            return false
        }
        guard units[gang].devices.allSatisfy({ devices[$0].running == nil }) else { return false }
        let started = run(
            Candidate(unit: gang, demand: demand), window: .never, at: now, into: &actions)
        if !started {
            releaseHold(of: gang)
            models[model].isTried = true
        }
        return started
    }

    /// Whether single-device work may start on a device that is held.
    func goes(
        _ choice: Candidate, beforeGang gang: Int, on device: Int, at now: Instant
    ) -> Bool {
        guard !units[choice.unit].isGang else { return false }
        return isMoreImportant(choice, than: gang, at: now)
            || schedulers[units[choice.unit].model].latency.latency(
                rows: choice.demand.largestHead) <= start(of: gang, at: now)
    }

    /// The longest batch that may start on a held device.
    func window(of gang: Int, _ choice: Candidate, at now: Instant) -> Interval {
        isMoreImportant(choice, than: gang, at: now) ? .never : start(of: gang, at: now)
    }

    private func isMoreImportant(_ choice: Candidate, than gang: Int, at now: Instant) -> Bool {
        guard !models[units[gang].model].isOwed,
            let own = schedulers[units[gang].model].demand(at: now)
        else { return false }
        return choice.demand.topClass < own.topClass
    }

    /// Time until the last of a gang's devices is promised to be free.
    private func start(of gang: Int, at now: Instant) -> Interval {
        var latest = now
        for device in units[gang].devices where devices[device].running != nil {
            latest = max(latest, devices[device].freeAt)
        }
        return now.interval(to: latest)
    }
}
