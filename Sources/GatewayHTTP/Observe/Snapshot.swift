internal import Foundation
internal import GatewayCore
internal import ServingModel
internal import ServingRuntime
internal import Telemetry

/// Everything that the dashboard shows, at one moment. Rates, quantiles and utilisations are of the last
/// ten seconds, promises of the last minute.
struct Snapshot: Encodable, Sendable {
    struct Process: Encodable, Sendable {
        /// CPU cores in use.
        var cores: Double
        var residentBytes: UInt64
        var proportionalBytes: UInt64?
        var machineCpu: Double?
        var machineMemoryUsed: UInt64?
        var machineMemoryTotal: UInt64?
        var gpus: [GPU]
    }

    struct GPU: Encodable, Sendable {
        var name: String
        var utilization: Double?
        var memoryUsed: UInt64
        var memoryTotal: UInt64
    }

    struct Class: Encodable, Sendable {
        var name: String
        var queued: Int
        /// Requests that ended, each second.
        var rate: Double
        var p50Ms: Double?
        var p95Ms: Double?
        var p99Ms: Double?
        /// 99 % waited no longer.
        var waitMs: Double?
        /// Median time between two tokens, and the promise about it.
        var tokenMs: Double?
        var promisedTokenMs: Double?
        var deadlineMs: Double
        var inTime: UInt64
        var late: UInt64
        var rejected: [String: UInt64]
    }

    struct Generation: Encodable, Sendable {
        var tokensPerS: Double
        var running: Int
        var slots: Int
        var keyValueTokens: Int
        var keyValueCapacity: Int
        var cachedTokens: Int
        var preemptions: UInt64
    }

    /// The last minute, second by second, oldest first.
    struct Trend: Encodable, Sendable {
        var kept: [UInt64]
        var broken: [UInt64]
        var queued: [Int]
    }

    struct Model: Encodable, Sendable {
        var name: String
        var version: Int
        var engine: String
        var classes: [Class]
        /// Batches or steps, each second.
        var runsPerS: Double
        /// Rows of a batch or tokens of a step, on average.
        var meanSize: Double
        var maxSize: Int
        /// Busy time of each instance, as a share.
        var instances: [Double]
        var promisedMs: Double
        var residentBytes: UInt64
        /// Why it is not in memory, and how often it was brought back; nothing without a memory limit.
        var absence: String?
        var pageIns: UInt64?
        var failed: UInt64
        var cancelled: UInt64
        var generation: Generation?
        var trend: Trend
    }

    struct Missing: Encodable, Sendable {
        var name: String
        var reason: String
    }

    struct Controller: Encodable, Sendable {
        var name: String
        var model: String?
        var value: Double
        var text: String?
        var unit: String
        var lower: Double?
        var upper: Double?
        var changedSAgo: Double?
        var reason: String
    }

    var version: String
    var at: String
    var uptimeS: Double
    var verdict: Verdict
    var process: Process
    var models: [Model]
    var missing: [Missing]
    var controllers: [Controller]
}

extension Snapshot.Model {
    /// The figures of a model by its last minute.
    init(_ model: ReadyModel, _ history: ModelHistory) {
        let now = history.now
        let recent = history.past(ModelHistory.recent)
        let minute = history.past(ModelHistory.longest)
        let seconds = max(recent.at.interval(to: now.at).seconds, 0.001)
        let runs = now.runs.since(recent.runs)
        name = model.name
        version = model.version
        engine = model.engine
        runsPerS = Double(runs) / seconds
        meanSize = runs > 0 ? Double(now.rows.since(recent.rows)) / Double(runs) : 0
        instances = zip(now.busy, recent.busy).map { min(($0 - $1).seconds / seconds, 1) }
        failed = now.failed.since(minute.failed)
        cancelled = now.cancelled.since(minute.cancelled)
        trend = Snapshot.Trend(history.readings)
        var promised: [Interval] = []
        switch model {
        case .tensors(let handle):
            let load = handle.served.load
            maxSize = max(handle.interface.maxBatchSize, 1)
            promisedMs = load.predictedFull.milliseconds
            residentBytes = handle.served.measuredBytes
            if let memory = handle.served.specification.memory?.figures(of: handle.served) {
                let residency = handle.served.residency
                absence = residency == .resident ? nil : residency.reason
                pageIns = memory.loads.count
            }
        case .generator(let handle):
            let specification = handle.generator.specification
            let load = handle.generator.load
            promised = specification.perToken
            maxSize = specification.maxStepTokens
            promisedMs = load.predictedStep.milliseconds
            residentBytes = handle.generator.measuredBytes
            generation = Snapshot.Generation(
                tokensPerS: Double(now.tokens.since(recent.tokens)) / seconds,
                running: load.running,
                slots: specification.slots, keyValueTokens: load.keyValueTokens,
                keyValueCapacity: load.keyValueCapacity, cachedTokens: load.cachedTokens,
                preemptions: now.preemptions.since(minute.preemptions))
        }
        classes = model.classes.enumerated().map { index, entry in
            Snapshot.Class(
                entry, queued: now.queued[index],
                recent: now.classes[index].since(recent.classes[index]), seconds: seconds,
                minute: now.classes[index].since(minute.classes[index]),
                perToken: promised.isEmpty ? nil : promised[min(index, promised.count - 1)])
        }
    }
}

extension Snapshot.Class {
    fileprivate init(
        _ entry: PriorityClass, queued: Int, recent: ModelReading.Class, seconds: Double,
        minute: ModelReading.Class, perToken: Interval?
    ) {
        self.init(
            name: entry.name, queued: queued, rate: Double(recent.total) / seconds,
            p50Ms: recent.latency.quantile(0.5)?.milliseconds,
            p95Ms: recent.latency.quantile(0.95)?.milliseconds,
            p99Ms: recent.latency.quantile(0.99)?.milliseconds,
            waitMs: recent.queue.quantile(0.99)?.milliseconds,
            tokenMs: recent.betweenTokens.quantile(0.5)?.milliseconds,
            promisedTokenMs: perToken?.milliseconds,
            deadlineMs: entry.defaultDeadline.milliseconds, inTime: minute.inTime,
            late: minute.late,
            rejected: Dictionary(
                uniqueKeysWithValues: minute.rejected.map { ($0.key.rawValue, $0.value) }))
    }
}

extension Snapshot.Trend {
    fileprivate init(_ readings: [ModelReading]) {
        self.init(kept: [], broken: [], queued: [])
        for (before, after) in zip(readings, readings.dropFirst()) {
            var inTime: UInt64 = 0
            var total: UInt64 = 0
            for (old, new) in zip(before.classes, after.classes) {
                inTime += new.inTime.since(old.inTime)
                total += new.total.since(old.total)
            }
            kept.append(inTime)
            broken.append(total.since(inTime))
            queued.append(after.queued.reduce(0, +))
        }
    }
}

extension Snapshot.Controller {
    /// A row of the board as it looks at `now`.
    init(_ setting: ControllerSetting, at now: Instant) {
        self.init(
            name: setting.name, model: setting.model, value: setting.value, text: setting.text,
            unit: setting.unit, lower: setting.lower, upper: setting.upper,
            changedSAgo: setting.changed.map { $0.interval(to: now).seconds },
            reason: setting.reason)
    }
}

extension Snapshot.Process {
    /// The process by two readings, `seconds` apart.
    init(_ now: ProcessFigures, since before: ProcessFigures) {
        let seconds = before.uptime.interval(to: now.uptime)
        self.init(
            cores: seconds > 0 ? (now.cpuTime - before.cpuTime).seconds / seconds : 0,
            residentBytes: now.residentBytes, proportionalBytes: now.proportionalBytes,
            machineCpu: now.machine?.utilization,
            machineMemoryUsed: now.machine?.memoryUsedBytes,
            machineMemoryTotal: now.machine?.memoryTotalBytes,
            gpus: now.gpus.map {
                Snapshot.GPU(
                    name: $0.name, utilization: $0.utilization, memoryUsed: $0.memoryUsedBytes,
                    memoryTotal: $0.memoryTotalBytes)
            })
    }
}

extension Interval {
    /// Seconds from this span to a longer one.
    fileprivate func interval(to later: Interval) -> Double { (later - self).seconds }
}
