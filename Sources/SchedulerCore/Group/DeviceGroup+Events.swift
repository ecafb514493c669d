internal import ControlCore
internal import ServingModel

extension DeviceGroup {
    // MARK: Models

    /// Hands an event to a model's scheduler and passes on what it decided.
    mutating func tell(
        _ model: Int, _ event: Event, at now: Instant, into actions: inout GroupActionBuffer
    ) {
        precondition(schedulers.indices.contains(model), "there is no model \(model)")
        // Through a pointer of one word: the thread sanitizer's compiler breaks on the buffer's two.
        let scheduler = schedulers.baseAddress?.advanced(by: model)
        scheduler?.pointee.handle(event, at: now, into: &actions.inner)
        for action in actions.inner.actions {
            switch action {
            case .launch(let launch): started(model, launch, at: now)
            case .reject: hasGivenUp = true
            case .cancelled: break
            }
            actions.append(.model(ModelIndex(model), action))
        }
        actions.inner.removeActions()
    }

    /// Takes a request in, knowing when each of the model's instances could start at the earliest.
    mutating func arrive(
        _ model: Int, _ arrival: Arrival, at now: Instant, into actions: inout GroupActionBuffer
    ) {
        note(model, arrival.priorityClass, rows: arrival.rows, at: now)
        guard arrival.rows <= models[model].mostRows else {
            let reject = Action.reject(arrival.id, .memoryExceeded, retryAfter: .zero)
            return actions.append(.model(ModelIndex(model), reject))
        }
        announceStarts(of: model, at: now, into: &actions)
        let before = actions.actions.count
        tell(model, .arrived(arrival), at: now, into: &actions)
        guard !models[model].units.contains(where: { units[$0].isUsable }) else { return }
        for index in before..<actions.actions.count {
            if case .model(_, .reject(arrival.id, .deadlineUnreachable, _)) = actions.actions[index]
            {
                models[model].missed.add(arrival.rows, at: now)
            }
        }
    }

    /// Counts requests that the shell turned away unseen.
    mutating func turnAway(
        _ model: Int, _ priorityClass: ClassIndex, rows: Int, at now: Instant,
        into actions: inout GroupActionBuffer
    ) {
        note(model, priorityClass, rows: rows, at: now)
        if !models[model].units.contains(where: { units[$0].isUsable }) {
            models[model].missed.add(rows, at: now)
        }
        tell(model, .turnedAway(priorityClass, rows: rows), at: now, into: &actions)
    }

    private mutating func note(
        _ model: Int, _ priorityClass: ClassIndex, rows: Int, at now: Instant
    ) {
        let classes = schedulers[model].configuration.classes
        let weight = classes[min(priorityClass.rawValue, classes.count - 1)].weight
        models[model].traffic.add(rows * weight, at: now)
    }

    // MARK: Batches

    private mutating func started(_ model: Int, _ launch: Launch, at now: Instant) {
        let unit = models[model].units[launch.instance.rawValue]
        let bytes = configuration.models[model].memory.bytes(rows: launch.rows)
        ledger.charge(bytes, on: units[unit].devices)
        units[unit].batchBytes = bytes
        units[unit].lastUsed = now
        turns += 1
        models[model].lastTurn = turns
        models[model].isOwed = false
        for device in units[unit].devices {
            precondition(devices[device].running == nil, "device \(device) runs two batches")
            devices[device].running = unit
            devices[device].freeAt = now + launch.predicted
        }
        if devices[units[unit].devices[0]].heldFor == unit { releaseHold(of: unit) }
    }

    mutating func complete(
        _ unit: Int, _ result: BatchResult, at now: Instant, into actions: inout GroupActionBuffer
    ) {
        guard let bytes = units[unit].batchBytes else {
            preconditionFailure("instance \(units[unit].instance) completed no batch")
        }
        ledger.refund(bytes, on: units[unit].devices)
        units[unit].batchBytes = nil
        units[unit].batches += 1
        units[unit].lastUsed = now
        units[unit].heldUntil = now
        for device in units[unit].devices {
            devices[device].running = nil
            devices[device].freeAt = now
        }
        if units[unit].isLeaving {
            units[unit].isLeaving = false
            evict(unit, into: &actions)
        }
        let instance = units[unit].instance
        tell(units[unit].model, .completed(instance, result), at: now, into: &actions)
    }

    // MARK: Devices

    /// Takes a device into service; its models are in memory where the configuration says so.
    mutating func ready(_ device: Int, at now: Instant, into actions: inout GroupActionBuffer) {
        guard !devices[device].isPresent else { return }
        devices[device].isPresent = true
        if devices[device].running == nil { devices[device].freeAt = now }
        for unit in devices[device].units
        where units[unit].devices.allSatisfy({ devices[$0].isPresent }) {
            let model = units[unit].model
            units[unit].isInService = true
            units[unit].heldUntil = now
            if units[unit].isNew, configuration.models[model].startsResident,
                units[unit].devices.allSatisfy({ ledger.free($0) >= units[unit].bytes })
            {
                ledger.charge(units[unit].bytes, on: units[unit].devices)
                units[unit].residency = .resident(since: now)
            }
            units[unit].isNew = false
            tell(model, .instanceReady(units[unit].instance), at: now, into: &actions)
        }
    }

    /// Takes a device out of service, and every instance that needs it.
    mutating func lose(_ device: Int, at now: Instant, into actions: inout GroupActionBuffer) {
        guard devices[device].isPresent else { return }
        devices[device].isPresent = false
        for unit in devices[device].units where units[unit].isInService {
            units[unit].isInService = false
            if devices[device].heldFor == unit { releaseHold(of: unit) }
            if units[unit].isRunning {
                units[unit].isLeaving = true
            } else if units[unit].residency != .absent {
                evict(unit, into: &actions)
            }
            tell(units[unit].model, .instanceLost(units[unit].instance), at: now, into: &actions)
        }
    }
}
