package import SchedulerCore
package import ServingModel

/// A model of the world around a ``DeviceGroup`` that says no: it keeps its own books of requests,
/// devices and memory, and refuses every action that they do not allow.
///
/// It knows nothing of turns and values. Feed it every step of a run, then call ``finish()``.
package struct GroupChecker {
    /// A rule that was broken, in words.
    package struct Violation: Error, CustomStringConvertible {
        /// What and when.
        package let description: String
    }

    private struct Key: Hashable {
        var model: ModelIndex
        var number: UInt64
    }

    private enum Residency: Equatable {
        case absent
        case loading
        case resident
    }

    private struct Instance {
        var devices: [Int]
        var isPresent = false
        var residency = Residency.absent
        var riders: [RequestID]?
        var batchBytes = 0
    }

    private let configuration: GroupConfiguration
    private var waiting: [Key: Arrival] = [:]
    private var running: [Key: Arrival] = [:]
    private var instances: [[Instance]]
    private var used: [Int]
    private var present: [Bool]
    private var seen: [Bool]

    /// Requests that ended, one way or the other.
    package private(set) var ended = 0
    /// Requests that came.
    package private(set) var arrived = 0

    /// A world without requests, all of whose devices are absent.
    package init(_ configuration: GroupConfiguration) {
        self.configuration = configuration
        instances = configuration.models.map { model in
            model.placements.map { Instance(devices: $0.map(\.rawValue)) }
        }
        used = configuration.devices.map { _ in 0 }
        present = configuration.devices.map { _ in false }
        seen = present
    }

    /// Checks one step.
    package mutating func check(
        _ event: GroupEvent, _ answer: GroupActionBuffer, at now: Instant
    ) throws {
        take(event)
        for action in answer.actions {
            switch action {
            case .load(let model, let id): try load(model, id, at: now)
            case .unload(let model, let id): try unload(model, id, at: now)
            case .model(let model, .launch(let launch)):
                try launched(launch, of: model, answer, at: now)
            case .model(let model, .reject(let id, _, _)), .model(let model, .cancelled(let id)):
                guard waiting.removeValue(forKey: Key(model: model, number: id.rawValue)) != nil
                else { throw no("request \(id) of model \(model) ended without waiting", now) }
                ended += 1
            }
        }
    }

    /// Proves that every request has ended, that every batch has, and that memory holds weights only.
    package func finish() throws {
        guard waiting.isEmpty, running.isEmpty else {
            throw Violation(description: "\(waiting.count) wait and \(running.count) run for ever")
        }
        guard ended == arrived else {
            throw Violation(description: "\(arrived) requests came and \(ended) ended")
        }
        for device in used.indices where used[device] != weights(on: device) {
            throw Violation(
                description: "device \(device) keeps \(used[device] - weights(on: device)) bytes")
        }
    }

    private func weights(on device: Int) -> Int {
        var bytes = 0
        for (model, row) in instances.enumerated() {
            for instance in row
            where instance.devices.contains(device) && instance.residency != .absent {
                bytes += configuration.models[model].memory.resident
            }
        }
        return bytes
    }

    // MARK: Events

    private mutating func take(_ event: GroupEvent) {
        switch event {
        case .arrived(let model, let arrival):
            arrived += 1
            waiting[Key(model: model, number: arrival.id.rawValue)] = arrival
        case .completed(let model, let id, _):
            vacate(model.rawValue, id.rawValue)
        case .loaded(let model, let id):
            if instances[model.rawValue][id.rawValue].residency == .loading {
                instances[model.rawValue][id.rawValue].residency = .resident
            }
        case .loadFailed(let model, let id):
            if instances[model.rawValue][id.rawValue].residency == .loading {
                drop(model.rawValue, id.rawValue)
            }
        case .deviceReady(let device):
            comes(device.rawValue)
        case .deviceLost(let device):
            present[device.rawValue] = false
        case .cancelled, .timerFired, .turnedAway, .draining:
            break
        }
    }

    private mutating func comes(_ device: Int) {
        present[device] = true
        for model in instances.indices {
            for index in instances[model].indices
            where instances[model][index].devices.contains(device) {
                let places = instances[model][index].devices
                guard places.allSatisfy({ present[$0] }) else { continue }
                if !instances[model][index].isPresent, configuration.models[model].startsResident {
                    charge(configuration.models[model].memory.resident, places)
                    instances[model][index].residency = .resident
                }
                instances[model][index].isPresent = true
            }
        }
    }

    private mutating func vacate(_ model: Int, _ index: Int) {
        for id in instances[model][index].riders ?? [] {
            running.removeValue(forKey: Key(model: ModelIndex(model), number: id.rawValue))
            ended += 1
        }
        instances[model][index].riders = nil
        charge(-instances[model][index].batchBytes, instances[model][index].devices)
        instances[model][index].batchBytes = 0
    }

    private mutating func drop(_ model: Int, _ index: Int) {
        charge(-configuration.models[model].memory.resident, instances[model][index].devices)
        instances[model][index].residency = .absent
    }

    private mutating func charge(_ bytes: Int, _ devices: [Int]) {
        for device in devices { used[device] += bytes }
    }

    // MARK: Actions

    private mutating func load(
        _ model: ModelIndex, _ id: InstanceID, at now: Instant
    ) throws {
        let instance = instances[model.rawValue][id.rawValue]
        guard instance.residency == .absent else {
            throw no("model \(model) is loaded where it is already", now)
        }
        guard instance.devices.allSatisfy({ present[$0] }) else {
            throw no("model \(model) is loaded on a device that is not there", now)
        }
        charge(configuration.models[model.rawValue].memory.resident, instance.devices)
        instances[model.rawValue][id.rawValue].residency = .loading
        try checkMemory(at: now)
    }

    private mutating func unload(
        _ model: ModelIndex, _ id: InstanceID, at now: Instant
    ) throws {
        guard instances[model.rawValue][id.rawValue].residency != .absent else {
            throw no("model \(model) is unloaded where it is not", now)
        }
        guard instances[model.rawValue][id.rawValue].riders == nil else {
            throw no("model \(model) is paged out while it runs", now)
        }
        drop(model.rawValue, id.rawValue)
    }

    private mutating func launched(
        _ launch: Launch, of model: ModelIndex, _ answer: GroupActionBuffer, at now: Instant
    ) throws {
        let index = launch.instance.rawValue
        let instance = instances[model.rawValue][index]
        guard instance.residency == .resident else {
            throw no("model \(model) runs where it is not in memory", now)
        }
        for (other, row) in instances.enumerated() {
            for busy in row where busy.riders != nil {
                guard Set(busy.devices).isDisjoint(with: instance.devices) else {
                    throw no("models \(model) and \(other) run on one device", now)
                }
            }
        }
        guard instance.devices.allSatisfy({ present[$0] }) else {
            throw no("model \(model) runs on a device that is not there", now)
        }
        var rows = 0
        for id in answer.members(of: launch) {
            let key = Key(model: model, number: id.rawValue)
            guard let arrival = waiting.removeValue(forKey: key) else {
                throw no("request \(id) of model \(model) rides without waiting", now)
            }
            rows += arrival.rows
            running[key] = arrival
        }
        guard rows == launch.rows, rows > 0 else {
            throw no("a batch of \(rows) rows says \(launch.rows)", now)
        }
        let bytes = configuration.models[model.rawValue].memory.bytes(rows: rows)
        instances[model.rawValue][index].riders = Array(answer.members(of: launch))
        instances[model.rawValue][index].batchBytes = bytes
        charge(bytes, instance.devices)
        try checkMemory(at: now)
    }

    private func checkMemory(at now: Instant) throws {
        for device in used.indices where used[device] > configuration.devices[device].memory {
            throw no("device \(device) holds \(used[device]) bytes", now)
        }
    }

    private func no(_ what: String, _ now: Instant) -> Violation {
        Violation(description: "\(what) at \(now)")
    }
}
