internal import ControlCore
internal import SchedulerCore
internal import ServingModel
internal import TraceFormat

extension ActionChecker {
    // MARK: Launches

    mutating func launched(
        _ launch: Launch, _ members: [RequestID], at now: Instant,
        _ latency: (ShapeID, VariantIndex) -> LatencyModel
    ) throws(Violation) {
        let instance = launch.instance.rawValue
        switch seats[instance] {
        case .idle: break
        case .trial:
            guard launch.members.count == 1 else {
                throw no(.trialOfMany, now, "instance \(instance): \(launch.members.count)")
            }
        case .busy, .leaving: throw no(.launchOnBusyInstance, now, "instance \(instance)")
        case .absent, .held: throw no(.launchOnAbsentInstance, now, "instance \(instance)")
        }
        batches += 1
        guard launch.batch.rawValue == batches else {
            throw no(.batchOutOfSequence, now, "\(launch.batch) after \(batches - 1)")
        }
        let ids = members[launch.members]
        guard residentVariants.indices.contains(launch.variant.rawValue),
            residentVariants[launch.variant.rawValue]
        else { throw no(.launchOfAbsentVariant, now, "variant \(launch.variant)") }
        guard let first = ids.first else { throw no(.emptyBatch, now, "batch \(launch.batch)") }
        try checkOrder(ids, at: now)
        var rows = 0
        for id in ids { rows += try board(id, with: first, launch, at: now) }
        guard rows == launch.rows else {
            throw no(.rowsMiscounted, now, "\(launch.rows) instead of \(rows)")
        }
        guard rows <= configuration.maxBatchRows || ids.count == 1 else {
            throw no(.batchTooLarge, now, "\(rows) rows")
        }
        if let shape = records[first]?.arrival.shape {
            try checkLength(launch, ids, at: now)
            let size = rows * max(launch.paddedLength, 1)
            let promised = latency(shape, launch.variant).latency(rows: size)
            guard launch.predicted == promised else {
                throw no(.wrongPrediction, now, "\(launch.predicted) instead of \(promised)")
            }
            if let queue = records[first].map({ self.queue(of: $0.arrival) }) {
                change(queue) { $0.batches += 1 }
            }
        }
        let end = now + launch.predicted
        seats[instance] = seats[instance] == .trial ? .leaving(until: end) : .busy(until: end)
        riders[instance].append(contentsOf: ids)
    }

    /// Checks one member and answers its rows.
    private mutating func board(
        _ id: RequestID, with first: RequestID, _ launch: Launch, at now: Instant
    ) throws(Violation) -> Int {
        guard let record = records[id] else { throw no(.foreignID, now, "request \(id)") }
        switch record.life {
        case .waiting: break
        case .running: throw no(.duplicateID, now, "request \(id)")
        case .cancelled: throw no(.launchAfterCancel, now, "request \(id)")
        case .answered, .rejected: throw no(.terminalTwice, now, "request \(id)")
        }
        guard record.arrival.shape == records[first]?.arrival.shape else {
            throw no(.mixedShapes, now, "request \(id) beside \(first)")
        }
        guard launch.variant == .full || record.arrival.allowsCheaperVariant else {
            throw no(.cheaperThanAllowed, now, "request \(id) by variant \(launch.variant)")
        }
        let end = now + launch.predicted + configuration.guardInterval
        guard end <= record.arrival.deadline || !configuration.policy.keepsDeadlines else {
            throw no(.lateLaunch, now, "request \(id) due \(record.arrival.deadline) ends \(end)")
        }
        records[id]?.life = .running
        count(record.arrival, -1)
        return record.arrival.rows
    }

    // MARK: Other ends

    mutating func withdrawn(_ id: RequestID, _ input: TimedEvent) throws(Violation) {
        guard let record = records[id] else { throw no(.foreignID, input.at, "request \(id)") }
        guard record.life == .waiting else { throw no(.terminalTwice, input.at, "request \(id)") }
        guard input.event == .cancelled(id) else {
            throw no(.cancelledUnasked, input.at, "request \(id)")
        }
        records[id]?.life = .cancelled
        count(record.arrival, -1)
    }

    mutating func rejected(
        _ id: RequestID, _ reason: RejectReason, _ input: TimedEvent,
        _ latency: (ShapeID, VariantIndex) -> LatencyModel
    ) throws(Violation) {
        let now = input.at
        guard let record = records[id] else { throw no(.foreignID, now, "request \(id)") }
        guard record.life == .waiting else { throw no(.terminalTwice, now, "request \(id)") }
        let needed = needed(by: record.arrival, latency)
        switch reason {
        case .deadlineUnreachable:
            // With .tail the work that waits, or that is expected while it does, may be what makes a
            // newcomer late; how late is the oracle's business.
            guard configuration.policy.keepsDeadlines, id == newcomer,
                let start = newcomerStart,
                start + needed > record.arrival.deadline
                    || (configuration.fastFail == .tail && (waitingRequests > 1 || start > now))
            else { throw no(.rejectedEarlierThanDecidable, now, "request \(id) on arrival") }
        case .deadlineMissed:
            // What a baseline gives up is its own business.
            guard now + needed > record.arrival.deadline || !configuration.policy.keepsDeadlines
            else {
                throw no(.rejectedEarlierThanDecidable, now, "request \(id)")
            }
        case .queueFull: try justifyFull(id, record.arrival, input)
        case .displaced: try justifyDisplacement(of: id, record.arrival, at: now)
        case .draining:
            guard isDraining, id == newcomer else {
                throw no(.drainingWhileOpen, now, "request \(id)")
            }
        case .noInstance:
            guard earliestStart(at: now) == nil else {
                throw no(.noInstanceWhileServing, now, "request \(id)")
            }
        case .superseded, .quotaExceeded: try justifyOption(id, reason, record.arrival, input)
        case .memoryExceeded: break
        }
        records[id]?.life = .rejected
        count(record.arrival, -1)
    }

    private func justifyFull(
        _ id: RequestID, _ arrival: Arrival, _ input: TimedEvent
    ) throws(Violation) {
        let now = input.at
        if case .queueLimited = input.event { return try justifyCut(of: id, arrival, at: now) }
        guard id == newcomer else { throw no(.rejectedWhileRoom, now, "\(id) did not just come") }
        if arrival.bytes > configuration.maxQueuedBytes || lacksShape(for: arrival) { return }
        if case .triton(let settings) = configuration.policy, settings.maxQueue > 0 { return }
        let lighter =
            configuration.policy.keepsDeadlines
            ? waitingByClass[(classIndex(arrival) + 1)...].reduce(0, +) : 0
        guard isOverLimit, lighter == 0 else {
            throw no(
                .rejectedWhileRoom, now,
                "request \(id) beside \(waitingRequests - 1) waiting, \(lighter) of them lighter")
        }
    }

    /// A queue that has become shorter gives up the least important of what it holds too much.
    private func justifyCut(
        of id: RequestID, _ arrival: Arrival, at now: Instant
    ) throws(Violation) {
        let lighter = waitingByClass[(classIndex(arrival) + 1)...].reduce(0, +)
        guard isOverLimit, lighter == 0 || !configuration.policy.keepsDeadlines else {
            throw no(.rejectedWhileRoom, now, "request \(id) beside \(lighter) lighter")
        }
    }

    private func justifyDisplacement(
        of id: RequestID, _ arrival: Arrival, at now: Instant
    ) throws(Violation) {
        let index = classIndex(arrival)
        guard configuration.policy.keepsDeadlines, let newcomer,
            let displacing = records[newcomer]?.arrival, isOverLimit,
            classIndex(displacing) < index || isRival(arrival, of: displacing),
            waitingByClass[(index + 1)...].allSatisfy({ $0 == 0 })
        else { throw no(.displacedUnjustly, now, "request \(id) of class \(index)") }
        if isRival(arrival, of: displacing) || configuration.score != nil { return }
        for other in records.values
        where other.life == .waiting && classIndex(other.arrival) == index {
            guard other.arrival.deadline <= arrival.deadline else {
                throw no(.displacedUnjustly, now, "\(other.arrival.id) is due after \(id)")
            }
        }
    }

    /// Whether the queue, with the newcomer, holds more than allowed.
    private var isOverLimit: Bool {
        waitingRequests > configuration.maxQueuedRequests
            || waitingBytes > configuration.maxQueuedBytes
    }

    private func lacksShape(for arrival: Arrival) -> Bool {
        shapes.count > configuration.maxShapes
            && shapes.contains {
                $0.queue == queue(of: arrival) && $0.waiting == 1 && $0.batches == 0
            }
    }

    /// When the next batch can start, or `nil` while no instance serves.
    func earliestStart(at now: Instant) -> Instant? {
        var earliest: Instant?
        for seat in seats {
            switch seat {
            case .idle: return now
            case .busy(let end), .held(let end):
                earliest = min(earliest ?? .distantFuture, max(now, end))
            case .absent, .trial, .leaving: continue
            }
        }
        return earliest ?? (seats.contains(.trial) ? now : nil)
    }

    func no(_ rule: Violation.Rule, _ at: Instant, _ detail: String) -> Violation {
        Violation(rule: rule, at: at, detail: detail)
    }
}
