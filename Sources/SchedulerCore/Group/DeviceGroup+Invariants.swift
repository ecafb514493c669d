internal import ServingModel

extension DeviceGroup {
    /// Traps when the group's books disagree; O(units * devices), for tests and simulations.
    package func checkInvariants() {
        for model in models.indices { schedulers[model].checkInvariants() }
        for device in devices.indices {
            checkMemory(device)
            checkUse(device)
            checkHold(device)
        }
        for (index, unit) in units.enumerated() {
            precondition(!unit.isVictim, "G1: instance \(index) is marked to leave and stays")
            precondition(
                !unit.isRunning || unit.isResident, "G2: instance \(index) runs out of memory")
        }
    }

    private func checkMemory(_ device: Int) {
        var bytes = 0
        for unit in devices[device].units {
            if units[unit].residency != .absent { bytes += units[unit].bytes }
            bytes += units[unit].batchBytes ?? 0
        }
        precondition(
            bytes == ledger.used[device],
            "G1: device \(device) holds \(bytes) bytes, not \(ledger.used[device])")
    }

    private func checkUse(_ device: Int) {
        let running = devices[device].units.filter { units[$0].isRunning }
        precondition(running.count <= 1, "G2: device \(device) runs \(running.count) batches")
        precondition(
            running.first == devices[device].running, "G2: device \(device) runs something else")
        guard devices[device].isPresent, running.isEmpty, devices[device].heldFor == nil else {
            return
        }
        // Policies of other servers may wait beside a free device; only SWB never does.
        for unit in devices[device].units
        where units[unit].isInService && units[unit].isResident
            && schedulers[units[unit].model].isSlackAware
        {
            let model = configuration.models[units[unit].model]
            let fits = units[unit].devices.allSatisfy {
                devices[$0].running == nil && devices[$0].heldFor == nil
                    && ledger.free($0)
                        >= model.memory.bytes(rows: models[units[unit].model].mostRows)
            }
            precondition(
                !fits || schedulers[units[unit].model].queuedRequests == 0,
                "G3: device \(device) is free beside waiting work of model \(units[unit].model)")
        }
    }

    private func checkHold(_ device: Int) {
        guard let gang = devices[device].heldFor else { return }
        precondition(
            units[gang].isGang && units[gang].isInService && units[gang].isResident,
            "G4: device \(device) is held for an instance that cannot run")
        precondition(
            units[gang].devices.allSatisfy { devices[$0].heldFor == gang },
            "G4: a hold covers some devices of its gang only")
        precondition(
            units[gang].devices.contains { devices[$0].running != nil },
            "G4: all devices of a gang are free and it does not run")
    }
}
